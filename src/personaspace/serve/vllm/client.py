"""Steered models behind vLLM: the server runs the base model, this side sends what each persona reads.

vLLM takes no keys and values, but it takes prompts as input embeddings (``vllm serve MODEL --enable-prompt-embeds``),
so a model steered in prompt form can be asked there: question, virtual tokens and cue travel as embeddings, the
log-probabilities of the option labels come back. Each question is read once on this side, for the virtual tokens.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Unpack

import pandas as pd
import torch
from torch import Tensor

from personaspace.errors import ModelError, SettingError
from personaspace.serve.vllm.completions import Completions
from personaspace.serve.vllm.endpoint import Endpoint
from personaspace.steer.answering import Answerer
from personaspace.steer.export.prompt_embeds import input_embeddings
from personaspace.steer.generation.sampling import Controls, Sampling
from personaspace.steer.model.prompts import labels_for, open_question
from personaspace.steer.protocols import Persona, Personas, names_and_vectors
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steering import AskSettings, Steering
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question


@dataclass(frozen=True, kw_only=True)
class ServedSteering(Steering):
    """Steering whose passes for the personas are made by a server.

    Attributes:
        server: The base model there.
        most: Personas a request.
    """

    server: Completions
    most: int

    def logits(
        self, points: Tensor, text: str, outcomes: int, labels: str, batch: int, prior_features: Tensor | None = None
    ) -> Tensor:
        """As :meth:`Steering.logits`, up to a constant a row: log-probabilities among all tokens."""
        tokens = self.steerer.model.option_tokens.ids(labels_for(outcomes, labels))
        most = min(batch, self.most)
        parts = [slice(start, start + most) for start in range(0, len(points), most)]
        rows = [
            row
            for part in parts
            for row in self.server.log_probabilities(
                input_embeddings(
                    self, points[part], text, prior_features=None if prior_features is None else prior_features[part]
                ),
                tokens,
            )
        ]
        return torch.tensor(rows, device=points.device) / self.temperature


class VllmClient(Answerer):
    """A steered model whose base model runs on a vLLM server; it is asked as :class:`SteeredLM` is.

    Args:
        url: Where the server listens, such as ``http://localhost:8000``.
        lm: A trained model in prompt form.
        model: What the server calls the base model; found out where not given.
        key: The server's API key, if it has one.
        timeout: Seconds to wait for an answer.
        retries: How often a request is sent again when the server is busy or out of reach.
        batch: Personas a request, 1 to 1024.

    Raises:
        ModelError: The model is steered in prefix form.
        SettingError: The address is not one, or the batch is outside what is allowed.
        NotFittedError: The model has not been trained.
    """

    def __init__(
        self,
        url: str,
        lm: SteeredLM,
        model: str | None = None,
        *,
        key: str | None = None,
        timeout: float = 120.0,
        retries: int = 2,
        batch: int = 32,
    ) -> None:
        if lm.attachment.form != "prompt":
            raise ModelError(
                "vLLM takes no keys and values, so the prefix form cannot be served there: steer with form 'prompt'"
            )
        if not 1 <= batch <= 1024:
            raise SettingError(f"batch is {batch}: vLLM takes 1 to 1024 prompts a request")
        self.server = Completions(Endpoint(url, key, timeout, retries), lm.model.name, model)
        here = lm.steering
        self.steering = ServedSteering(
            here.steerer,
            here.temperature,
            here.refusals,
            here.prior,
            server=self.server,
            most=batch,
        )

    def outcomes(self, vectors: Vectors, question: Question, settings: AskSettings) -> Vectors:
        """Probability of every outcome in every phrasing; see :meth:`Answerer.outcomes`.

        Raises:
            ServerError: The server cannot be reached, refuses, or does not take input embeddings.
        """
        return self.steering.outcomes(vectors, question, settings)

    @torch.no_grad()
    def generate(self, prompt: str, personas: Personas | Persona, **controls: Unpack[Controls]) -> pd.Series[str]:
        """Let personas answer in words.

        Args:
            prompt: What they are asked.
            personas: Named points, or one.
            controls: As in :class:`Sampling`; the server draws otherwise than :meth:`SteeredLM.generate`, so that
                only greedy texts are the same.

        Returns:
            One text per persona, indexed by its name.

        Raises:
            ServerError: The server cannot be reached, refuses, or does not take input embeddings.
        """
        sampling = Sampling(**controls)
        names, vectors = names_and_vectors(personas)
        asked = asdict(sampling)
        asking = {name: asked[name] for name in ("temperature", "top_p", "top_k", "repetition_penalty", "seed")}
        asking |= {"max_tokens": sampling.max_new_tokens, "stop": list(sampling.stops), "min_p": 0.0}
        texts = [
            text
            for part in torch.split(self.steering.steerer.points(vectors), min(sampling.batch, self.steering.most))
            for text in self.server.texts(
                input_embeddings(self.steering, part, open_question(prompt), 64 + sampling.max_new_tokens), asking
            )
        ]
        return pd.Series(texts, index=pd.Index(names, name="persona"), name="answer", dtype=object)
