"""A frozen causal language model with its tokenizer and a cache of the questions it has read."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from personaspace.errors import ModelError, shown
from personaspace.steer.forward.shared_prefix import KeysValues
from personaspace.steer.memory import memory_for_model
from personaspace.steer.model.chat import ChatTemplate, plain_ids
from personaspace.steer.model.loading import BaseSettings, fingerprint, frozen, load_pretrained
from personaspace.steer.model.option_tokens import OptionTokens
from personaspace.steer.model.output import body
from personaspace.steer.model.question_cache import CachedQuestion, QuestionCache, most_bytes, read_once
from personaspace.steer.model.sources import find_source
from personaspace.steer.model.suitability import check_model

WINDOWED = {"sliding_attention": "sliding_window", "chunked_attention": "attention_chunk_size"}
UNLIMITED = 2**30
TOKENIZED = 2**14
"""Questions whose token ids are kept."""


class LanguageModel:
    r"""A causal language model whose weights never change.

    Args:
        model: Any ``transformers`` causal language model.
        tokenizer: Its tokenizer.
        name: The name or folder it was loaded from.
        device: Where it runs; a quantized model stays where it was loaded.
        settings: Precision, quantization and chat template.

    Attributes:
        settings: As given, with ``chat`` decided.
        context_length: The most tokens the model can read.
        window: Tokens that the layer with the narrowest attention window sees; ``None`` if every layer sees all.
        shares: Whether its attention can share a question among personas; ``None`` until tried.
        spares: Whether of its last layer the last position can be computed alone; ``None`` until tried.
        question_cache: Questions read last.

    Raises:
        ModelError: A chat template is asked for and the tokenizer has none, or one that cannot be used.

    Example:
        >>> model = LanguageModel.load("nano")
        >>> model.read("Question: Is snow white?\nA. Yes\nB. No\n").features.shape
        torch.Size([512])
    """

    def __init__(
        self, model: Any, tokenizer: Any, name: str, device: str = "cpu", settings: BaseSettings | None = None
    ) -> None:
        settings = settings or BaseSettings()
        self.model = frozen(model if settings.quantize != "none" else model.to(device))
        self.tokenizer, self.name = tokenizer, name
        templated = tokenizer.chat_template is not None if settings.chat == "auto" else settings.chat == "yes"
        if templated and tokenizer.chat_template is None:
            raise ModelError(f"the tokenizer of {name!r} has no chat template: choose chat='no' (--chat no)")
        self.chat = ChatTemplate(tokenizer, name) if templated else None
        self.settings = replace(settings, chat="yes" if templated else "no")
        self.context_length, self.window = context_length(self.model.config), window(self.model.config)
        self.shares: bool | None = None
        self.spares: bool | None = None
        self.question_cache = QuestionCache(most_bytes(self.device))
        self._question_tokens = lru_cache(TOKENIZED)(self.prompt_ids)

    @classmethod
    def load(cls, name: str | Path, device: str = "cpu", settings: BaseSettings | None = None) -> LanguageModel:
        """Load a model and freeze it.

        Args:
            name: A folder, a ``.gguf`` file, a hub repository ``organisation/name``, ``smollm2`` for
                SmolLM2-135M-Instruct from an installed wheel or the hub, or ``nano`` for the model in the package.
            device: Where it runs.
            settings: Precision, quantization and chat template.

        Raises:
            UnknownNameError: There is no such folder, and the hub does not know the name or cannot be reached.
            ModelError: It is not a causal language model, not one whose logits are understood, or too large for memory.
            SettingError: There is no such device, or the library for quantization or for GGUF files is missing.
        """
        source, settings = find_source(str(name)), settings or BaseSettings()
        with memory_for_model(source.name):
            model = cls(*load_pretrained(source, settings, device), source.name, device, settings)
            check_model(model.model, torch.cat([model.cue, model.cue], dim=1), source.name)
        return model

    @property
    def device(self) -> torch.device:
        """Device that the model runs on."""
        return torch.device(self.model.device)

    @property
    def body(self) -> Any:
        """The model without its output layer."""
        return body(self.model)

    @property
    def width(self) -> int:
        """Width of the input embeddings."""
        return int(self.embedding.weight.shape[1])

    @property
    def embedding(self) -> torch.nn.Embedding:
        """The input embeddings, scaled where the model scales them."""
        embedding: torch.nn.Embedding = self.model.get_input_embeddings()
        return embedding

    @torch.no_grad()
    def vocabulary(self, most: int = 2**15) -> Tensor:
        """Input embeddings of the first ``most`` tokens of the vocabulary, shape ``[tokens, width]``."""
        tokens: Tensor = self.embedding(torch.arange(min(most, len(self.embedding.weight)), device=self.device))
        return tokens.float()

    @cached_property
    def cache_shape(self) -> tuple[int, int, int]:
        """Layers, key-value heads and head dimension, as the model itself caches them.

        Raises:
            ModelError: Layers, or keys and values, differ in shape.
        """
        shapes = {tuple(part.shape) for pair in self._cached_token for part in pair}
        if len(shapes) != 1:
            raise ModelError(
                f"model {shown(self.name)} has keys and values of different shapes, which one prefix cannot fill: "
                "choose the prompt form (--form prompt), or another model"
            )
        _, heads, _, head_dim = shapes.pop()
        return self.cached_layers, heads, head_dim

    @property
    def cached_layers(self) -> int:
        """Layers that keep keys and values; the others, if any, use those of the layers before them."""
        return len(self._cached_token)

    @cached_property
    def _cached_token(self) -> KeysValues:
        return self.read_ids(torch.zeros(1, 1, dtype=torch.long, device=self.device)).keys_values

    @cached_property
    def fingerprint(self) -> str:
        """A checksum over the beginning of every weight: another model, or a fine-tuned one, has another."""
        return fingerprint(self.model)

    @cached_property
    def option_tokens(self) -> OptionTokens:
        """Token ids of the answer cue and of the option labels after it."""
        return OptionTokens(lambda text: plain_ids(self.tokenizer, text), self.name)

    @cached_property
    def cue(self) -> Tensor:
        """Token ids of the answer cue, shape ``[1, tokens]``."""
        return self._tensor(self.option_tokens.cue)

    @property
    def end(self) -> list[int]:
        """Token id with which the tokenizer ends a text, if it has one."""
        return [] if self.tokenizer.eos_token_id is None else [int(self.tokenizer.eos_token_id)]

    def tokens(self, text: str, start: bool = True) -> Tensor:
        """Token ids of a text, shape ``[1, tokens]``; ``start`` adds the model's own start token, if any.

        Special tokens spelled out in the text are tokenized as plain text.
        """
        return self._tensor(plain_ids(self.tokenizer, text, start))

    def question_ids(self, text: str) -> Tensor:
        """Token ids of a question up to the answer cue, in the chat template if there is one, ``[1, tokens]``."""
        return self._tensor(self._question_tokens(text))

    def question_length(self, text: str) -> int:
        """Tokens that :meth:`read` reads of a question, found without reading it."""
        return len(self._question_tokens(text)) + self.cue.shape[1] - 1

    def _tensor(self, ids: Sequence[int]) -> Tensor:
        """Token ids as a tensor ``[1, tokens]``; :class:`ModelError` where the model does not know one of them."""
        if max(ids, default=0) >= len(self.embedding.weight):
            raise ModelError(
                f"the tokenizer of {shown(self.name)} has tokens that the model does not know ({max(ids)}, where it "
                f"knows {len(self.embedding.weight)}): they do not belong together, download the model again"
            )
        return torch.tensor([ids], dtype=torch.long, device=self.device)

    def prompt_ids(self, text: str, system: str = "") -> tuple[int, ...]:
        """Token ids of a question up to the answer cue, in the chat template if there is one.

        Args:
            text: The question, and what comes before it.
            system: A system prompt; it comes first where there is no chat template, or none with a system turn.
        """
        if self.chat is not None:
            return tuple(self.chat.ids(text, system))
        return tuple(plain_ids(self.tokenizer, f"{system}\n\n{text}" if system else text, start=True))

    def read(self, text: str, reserve: int = 64) -> CachedQuestion:
        """Read a question once, without gradient, and cache its keys and values.

        The answer cue is read with it, except its last token, after which the answer stands. What is read here is
        computed once; what follows, once per persona.

        Args:
            text: The question up to the answer cue.
            reserve: Tokens that must still fit after it.

        Raises:
            ModelError: The text is longer than the model's context.
        """
        ids = self.check_fits(text, reserve)
        question = self.question_cache.find(text)
        if question is None:
            question = self.read_ids(torch.cat([ids, self.cue[:, :-1]], dim=1))
            self.question_cache.keep(text, question)
        return question

    def read_ids(self, ids: Tensor) -> CachedQuestion:
        """Read token ids of shape ``[1, tokens]`` as :meth:`read` does, without caching them."""
        return read_once(self.model, ids, self.name)

    def check_fits(self, text: str, reserve: int = 64) -> Tensor:
        """Token ids of a text; :class:`ModelError` unless ``reserve`` more fit the model's context."""
        ids = self.question_ids(text)
        self.check_length(ids.shape[1] + reserve, repr(textwrap.shorten(text, 60, placeholder=" ...")))
        return ids

    def check_length(self, tokens: int, what: str = "the text") -> None:
        """Raise :class:`ModelError` if so many tokens do not fit the model's context."""
        if tokens > self.context_length:
            raise ModelError(
                f"{what} needs {tokens} tokens, but {self.name!r} reads at most {self.context_length}: "
                "shorten the question or its options, or choose a model with a longer context"
            )


def context_length(config: Any) -> int:
    """The most tokens a model can read by its configuration; without position embeddings there is no limit."""
    text = config.get_text_config(decoder=True)
    lengths = (getattr(text, name, None) for name in ("max_position_embeddings", "max_seq_len"))
    return int(next((length for length in lengths if length), UNLIMITED))


def window(config: Any) -> int | None:
    """Tokens that a token sees, itself included, in the narrowest layer; ``None`` if every layer sees all.

    Layer types decide where a configuration names them (Gemma, Qwen); otherwise every layer slides (Mistral), or some
    are local (GPT-Neo).
    """
    text = config.get_text_config(decoder=True)
    if "local" in (getattr(text, "attention_layers", None) or ()):
        return int(text.window_size)
    types = set(getattr(text, "layer_types", None) or ["sliding_attention"])
    sizes = [getattr(text, name, None) for kind, name in WINDOWED.items() if kind in types]
    return min((int(size) for size in sizes if size), default=None)
