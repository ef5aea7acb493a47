"""Steered models behind vLLM: the server runs the base model, this side sends what each persona reads.

vLLM takes no keys and values, but it takes prompts as input embeddings (``vllm serve MODEL --enable-prompt-embeds``),
so a model steered in prompt form can be asked there: question, virtual tokens and cue travel as embeddings, the
log-probabilities of the option labels come back. Each question is read once on this side, for the virtual tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from personaspace.errors import ModelError, ServerError
from personaspace.serve.endpoint import Endpoint
from personaspace.steer.export_embeds import prompt_embeds, wire_format
from personaspace.steer.points import Personas, Vectors
from personaspace.steer.publish import NamedPoints
from personaspace.steer.steered import SteeredLM
from personaspace.survey.question import Option, Question


class VllmClient:
    """A steered model whose base model runs on a vLLM server.

    Args:
        url: Where the server listens, such as ``http://localhost:8000``.
        lm: A trained model in prompt form.
        model: What the server calls the base model; found out where not given.
        key: The server's API key, if it has one.
        timeout: Seconds to wait for an answer.
        retries: How often a request is sent again when the server is busy or out of reach.
        batch: Personas a request.

    Raises:
        ModelError: The model is steered in prefix form.
        SettingError: The address is not one.
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
        self.endpoint = Endpoint(url, key, timeout, retries)
        self.lm = lm
        self.given = model
        self.batch = batch

    @cached_property
    def model(self) -> str:
        """What the server calls the base model.

        Raises:
            ServerError: It serves several models, none of the base model's name.
        """
        if self.given:
            return self.given
        served = _read(self.endpoint.ask("/v1/models"), lambda content: [str(card["id"]) for card in content["data"]])
        if self.lm.model.name in served or len(served) == 1:
            return self.lm.model.name if self.lm.model.name in served else served[0]
        raise ServerError(f"the server has no model {self.lm.model.name!r} but {', '.join(served)}: give model=")

    def predict(self, personas: Personas, question: Question) -> Vectors:
        """Probability of each option of a question, as :meth:`SteeredLM.predict` gives it.

        Args:
            personas: Named points.
            question: Any question, asked before or not.

        Returns:
            Shape ``[personas, options]``; rows sum to 1.

        Raises:
            ServerError: The server cannot be reached, refuses, or does not take input embeddings.
        """
        labels = self.lm.model.label_ids[: len(question.options)].tolist()
        asking = {
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": len(labels),
            "logprob_token_ids": labels,
            "return_tokens_as_token_ids": True,
        }
        choices = self._complete(personas, question, asking)
        rows = [_read(choice, lambda content: _log_probabilities(content, labels)) for choice in choices]
        scores = np.array(rows, dtype=np.float64).reshape(-1, len(labels))
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(shares / shares.sum(axis=1, keepdims=True), dtype=np.float32)

    def ask(self, text: str, options: Sequence[str], personas: Personas) -> pd.DataFrame:
        """Ask a multiple-choice question of personas.

        Args:
            text: The question, asked before or not.
            options: Two or more answers.
            personas: Named points.

        Returns:
            One row per persona, one column per option; rows sum to 1.
        """
        question = Question("asked", text, tuple(map(Option, options)))
        table = pd.DataFrame(self.predict(personas, question), columns=list(options))
        return table.set_axis(pd.Index(personas.names, name="persona"), axis=0)

    def generate(
        self,
        prompt: str,
        personas: Personas,
        *,
        max_new_tokens: int = 40,
        temperature: float = 0.8,
        top_p: float = 0.95,
        seed: int = 0,
    ) -> pd.Series[str]:
        """Let personas answer in words.

        Args:
            prompt: What they are asked.
            personas: Named points.
            max_new_tokens: Length of the answer at the most.
            temperature: 0 for greedy decoding, higher for more variety.
            top_p: Sampling keeps the likeliest tokens up to this probability.
            seed: Of the server's sampling, which draws otherwise than :meth:`SteeredLM.generate`.

        Returns:
            One text per persona, indexed by its name.
        """
        asking = {"max_tokens": max_new_tokens, "temperature": temperature, "top_p": top_p, "seed": seed}
        choices = self._complete(personas, prompt, asking, reserve=64 + max_new_tokens)
        texts = [_read(choice, lambda content: str(content["text"])).strip() for choice in choices]
        return pd.Series(texts, index=pd.Index(personas.names, name="persona"), name="answer", dtype=object)

    def _complete(
        self, personas: Personas, asked: Question | str, asking: dict[str, Any], reserve: int = 64
    ) -> Iterator[Any]:
        """What the server makes of the question for each persona, in their order."""
        for start in range(0, len(personas.names), self.batch):
            rows = slice(start, start + self.batch)
            part = NamedPoints(personas.names[rows], personas.vectors[rows])
            embeddings = prompt_embeds(self.lm, part, asked, reserve)
            yield from self._post({"prompt_embeds": [wire_format(one) for one in embeddings], **asking})

    def _post(self, body: dict[str, Any]) -> list[Any]:
        try:
            content = self.endpoint.ask("/v1/completions", {"model": self.model, **body})
        except ServerError as error:
            if "prompt-embeds" not in str(error):
                raise
            raise ServerError(
                "the server takes no input embeddings: start it with "
                f"`vllm serve {self.model} --enable-prompt-embeds` ({error})"
            ) from error
        choices: list[Any] = _read(
            content, lambda answer: sorted(answer["choices"], key=lambda choice: choice["index"])
        )
        if len(choices) != len(body["prompt_embeds"]):
            raise ServerError(
                f"the server answered {len(choices)} of {len(body['prompt_embeds'])} prompts: is it a vLLM server?"
            )
        return choices


def _log_probabilities(choice: Any, labels: Sequence[int]) -> list[float]:
    """Log-probabilities of the option labels at the first token, in their order."""
    first = choice["logprobs"]["top_logprobs"][0]
    return [float(first[f"token_id:{label}"]) for label in labels]


def _read(content: Any, reader: Any) -> Any:
    try:
        return reader(content)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise ServerError(
            f"the server's answer lacks {error}: this needs a vLLM server whose Completions know logprob_token_ids"
        ) from error
