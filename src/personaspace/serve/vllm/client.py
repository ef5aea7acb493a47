"""A client that asks steered models whose base model runs on a vLLM server.

vLLM takes no keys and values, but it takes prompts as input embeddings (``vllm serve MODEL --enable-prompt-embeds``).
A model steered in prompt form is asked there: the client sends question, virtual tokens and cue as embeddings, and the
server returns the log-probabilities of the option labels. The client reads each question once, for the virtual tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Unpack

import pandas as pd
import torch
from torch import Tensor

from personaspace.checks import check_whole
from personaspace.errors import ModelError
from personaspace.newquestions.points import PersonasLike, names_and_vectors
from personaspace.serve.vllm.completions import Completions
from personaspace.serve.vllm.endpoint import Endpoint
from personaspace.steer.answering import Answerer
from personaspace.steer.export.prompt_embeds import input_embeddings
from personaspace.steer.generation.sampling import Controls, Sampling
from personaspace.steer.model.prompts import open_question
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steering import AskSettings, Steering, in_batches
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question


@dataclass(frozen=True, kw_only=True)
class ServedSteering(Steering):
    """Steering whose forward passes are made by a server.

    Attributes:
        server: The base model on the server.
        most: Personas per request, at most.
    """

    server: Completions
    most: int

    def logits(
        self, points: Tensor, text: str, labels: Sequence[str], batch: int, prior_features: Tensor | None = None
    ) -> Tensor:
        """As :meth:`Steering.logits`, up to a constant per row: log-probabilities among all tokens."""
        tokens = self.steerer.model.option_tokens.ids(labels)
        rows = [
            row
            for some, prior in in_batches(points, prior_features, min(batch, self.most))
            for row in self.server.log_probabilities(input_embeddings(self, some, text, prior_features=prior), tokens)
        ]
        logits = self.steerer.soft_prompt.added(torch.tensor(rows, device=points.device), prior_features)
        return logits / self.temperature


class VllmClient(Answerer):
    """A steered model whose base model runs on a vLLM server; it is asked as :class:`SteeredLM` is.

    Args:
        url: Address of the server, such as ``http://localhost:8000``.
        lm: A trained model in prompt form.
        model: The server's name for the base model; by default it is looked up there.
        key: The server's API key, if it has one.
        timeout: Seconds to wait for a response.
        retries: Times a request is sent again when the server is busy or out of reach.
        batch: Personas per request, 1 to 1024.

    Raises:
        ModelError: The model is steered in prefix form.
        SettingError: The address is not that of a server, or the batch is outside what is allowed.
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
        check_whole("batch (prompts a request)", batch, 1, 1024)
        self.server = Completions(Endpoint(url, key, timeout, retries), lm.model.name, model)
        local = lm.steering
        self.steering = ServedSteering(
            local.steerer, local.temperature, local.refusals, local.prior, server=self.server, most=batch
        )

    def outcomes(self, vectors: Vectors, question: Question, settings: AskSettings) -> Vectors:
        """Probability of every outcome in every phrasing; see :meth:`Answerer.outcomes`.

        Raises:
            ServerError: The server cannot be reached, refuses, or does not take input embeddings.
        """
        return self.steering.outcomes(vectors, question, settings)

    @torch.no_grad()
    def generate(self, prompt: str, personas: PersonasLike, **controls: Unpack[Controls]) -> pd.Series[str]:
        """Generate personas' answers to an open question.

        Args:
            prompt: The question.
            personas: Personas, one persona, or a list of them.
            controls: As in :class:`Sampling`. The server has random numbers of its own, so that only greedy texts are
                those of :meth:`SteeredLM.generate`.

        Returns:
            One text per persona, indexed by its name.

        Raises:
            ServerError: The server cannot be reached, refuses, or does not take input embeddings.
        """
        sampling = Sampling(**controls)
        names, vectors = names_and_vectors(personas)
        given = asdict(sampling)
        request = {name: given[name] for name in ("temperature", "top_p", "top_k", "repetition_penalty", "seed")}
        request |= {"max_tokens": sampling.max_new_tokens, "stop": list(sampling.stops), "min_p": 0.0}
        texts = [
            text
            for part in torch.split(self.steering.steerer.points(vectors), min(sampling.batch, self.steering.most))
            for text in self.server.texts(
                input_embeddings(self.steering, part, open_question(prompt), 64 + sampling.max_new_tokens), request
            )
        ]
        return pd.Series(texts, index=pd.Index(names, name="persona"), name="answer", dtype=object)
