"""Requests to vLLM's Completions endpoint with input embeddings as prompts, and reading its responses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

from torch import Tensor

from personaspace.errors import ServerError, listed, shown
from personaspace.serve.vllm.endpoint import Endpoint
from personaspace.steer.export.prompt_embeds import wire_format

T = TypeVar("T")
LEAST, ROUNDING = -1e6, 1e-3
"""Between these lies a log-probability: vLLM writes -9999 for minus infinity, and rounding may lift one above 0."""


class Completions:
    """One base model on a vLLM server.

    Args:
        endpoint: The server.
        base: The base model's own name.
        given: The server's name for it; by default it is looked up there.
    """

    def __init__(self, endpoint: Endpoint, base: str, given: str | None = None) -> None:
        self.endpoint, self.base, self.given = endpoint, base, given

    @cached_property
    def model(self) -> str:
        """The server's name for the base model.

        Raises:
            ServerError: It serves several models, none of the base model's name.
        """
        if self.given:
            return self.given
        served = _read(self.endpoint.ask("/v1/models"), lambda content: [str(card["id"]) for card in content["data"]])
        if self.base in served or len(served) == 1:
            return self.base if self.base in served else served[0]
        raise ServerError(f"the server has no model {shown(self.base)} but {listed(served)}: give model=")

    def log_probabilities(self, embeddings: Tensor, tokens: Sequence[int]) -> list[list[float]]:
        """Log-probabilities of some tokens after every sequence.

        Args:
            embeddings: Shape ``[sequences, tokens, width]``.
            tokens: At most 128 token ids.

        Returns:
            One row per sequence, one column per token.

        Raises:
            ServerError: The server cannot be reached, refuses, does not take input embeddings, or answers with
                something else than log-probabilities.
        """
        request = {
            "max_tokens": 1,
            "temperature": 0.0,
            "logprobs": len(tokens),
            "logprob_token_ids": list(tokens),
            "return_tokens_as_token_ids": True,
        }
        return [
            _read(choice, lambda content: _first_token(content, tokens)) for choice in self._post(embeddings, request)
        ]

    def texts(self, embeddings: Tensor, sampling: dict[str, Any]) -> list[str]:
        """Texts that the model generates after every sequence ``[sequences, tokens, width]``."""
        choices = self._post(embeddings, sampling)
        return [_read(choice, _text).strip() for choice in choices]

    def _post(self, embeddings: Tensor, request: dict[str, Any]) -> list[Any]:
        body = {"model": self.model, "prompt_embeds": [wire_format(one) for one in embeddings], **request}
        try:
            content = self.endpoint.ask("/v1/completions", body)
        except ServerError as error:
            if "prompt-embeds" not in str(error):
                raise
            raise ServerError(
                "the server takes no input embeddings: start it with "
                f"`vllm serve {self.model} --enable-prompt-embeds` ({error})"
            ) from error
        choices = _read(content, lambda answer: {_whole(one["index"]): one for one in answer["choices"]})
        if sorted(choices) != list(range(len(embeddings))):
            raise ServerError(f"the server answered {len(choices)} of {len(embeddings)} prompts: is it a vLLM server?")
        return [choices[index] for index in range(len(embeddings))]


def _first_token(choice: Any, tokens: Sequence[int]) -> list[float]:
    first = choice["logprobs"]["top_logprobs"][0]
    return [_log_probability(first[f"token_id:{token}"]) for token in tokens]


def _log_probability(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not LEAST <= value <= ROUNDING:
        raise ServerError(
            f"the server gave {shown(value)} as the log-probability of an option, which is a number of at most 0: "
            "look into the server's log, and load its model in another precision if it computes NaN"
        )
    return float(value)


def _text(choice: Any) -> str:
    text = choice["text"]
    if not isinstance(text, str):
        raise ServerError(f"the server gave {shown(text)} in place of a text: is it a vLLM server?")
    return text


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"a whole number as index, not {shown(value)}")
    return value


def _read(content: Any, reader: Callable[[Any], T]) -> T:
    try:
        return reader(content)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ServerError(
            f"the server's response lacks {shown(error)}: this needs a vLLM server whose Completions know "
            "logprob_token_ids"
        ) from error
