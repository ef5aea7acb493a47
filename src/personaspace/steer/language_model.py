"""A frozen causal language model: tokenize, read a question once, score options."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from personaspace.errors import ModelError
from personaspace.steer.base_score import score_texts
from personaspace.steer.chat import ChatTemplate, plain_ids
from personaspace.steer.context import context_length, window
from personaspace.steer.identity import fingerprint
from personaspace.steer.labels import Labels, Tokens, sequence_logits
from personaspace.steer.loading import NANO, BaseSettings, frozen, load_pretrained
from personaspace.steer.output import check_model, output_logits
from personaspace.steer.prompt import LABELS, labels_for
from personaspace.steer.reading import Reading, Readings, read_once

__all__ = ["NANO", "BaseSettings", "LanguageModel", "Reading"]


class LanguageModel:
    r"""A causal language model whose weights never change.

    Args:
        model: Any ``transformers`` causal language model.
        tokenizer: Its tokenizer.
        name: The name or folder it was loaded from.
        device: Where it runs; a quantized model stays where it was loaded.
        settings: How it was loaded and is spoken to.

    Attributes:
        settings: As given, with ``chat`` decided.
        shares: Whether its attention can share a question among personas; ``None`` until tried.
        readings: Questions read so far.

    Raises:
        ModelError: A chat template is asked for and the tokenizer has none, or one that cannot be used.

    Example:
        >>> model = LanguageModel.load("nano")
        >>> model.score(["Question: Is snow white?\nA. Yes\nB. No\n"], [2]).shape
        torch.Size([1, 2])
    """

    def __init__(
        self, model: Any, tokenizer: Any, name: str, device: str = "cpu", settings: BaseSettings | None = None
    ) -> None:
        settings = settings or BaseSettings()
        self.model = frozen(model if settings.quantize != "none" else model.to(device))
        self.tokenizer, self.name = tokenizer, name
        templated = tokenizer.chat_template is not None if settings.chat == "auto" else settings.chat == "yes"
        if templated and tokenizer.chat_template is None:
            raise ModelError(f"the tokenizer of {name!r} has no chat template: choose chat='no'")
        self.chat = ChatTemplate(tokenizer, name) if templated else None
        self.settings = replace(settings, chat="yes" if templated else "no")
        self.shares: bool | None = None
        self.readings = Readings()

    @classmethod
    def load(cls, name: str, device: str = "cpu", settings: BaseSettings | None = None) -> LanguageModel:
        """Load a model and freeze it.

        Args:
            name: A hub name, a folder, or ``nano`` for the small model shipped with the package.
            device: Where it runs.
            settings: Precision, quantization and chat template.

        Raises:
            UnknownNameError: There is no such folder, and the hub does not know or cannot be reached.
            ModelError: It is not a causal language model, or not one whose logits are understood.
            SettingError: There is no such device, or the library for quantization is missing.
        """
        settings = settings or BaseSettings()
        model = cls(*load_pretrained(name, settings, device), name, device, settings)
        check_model(model.model, torch.cat([model.cue, model.cue], dim=1), name)
        return model

    @property
    def device(self) -> torch.device:
        """Where the model runs."""
        return torch.device(self.model.device)

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
        """Input embeddings of the first ``most`` words as the model reads them, shape ``[words, width]``."""
        words: Tensor = self.embedding(torch.arange(min(most, len(self.embedding.weight)), device=self.device))
        return words.float()

    @cached_property
    def cache_shape(self) -> tuple[int, int, int]:
        """Layers, key-value heads and head dimension, as the model itself caches them."""
        keys_values = self.read_ids(torch.zeros(1, 1, dtype=torch.long, device=self.device)).keys_values
        shapes = {tuple(t.shape) for pair in keys_values for t in pair}
        if len(shapes) != 1:
            raise ModelError(f"model {self.name!r} has layers with unlike caches, which is not supported")
        _, heads, _, head_dim = shapes.pop()
        return len(keys_values), heads, head_dim

    @cached_property
    def context_length(self) -> int:
        """The most tokens the model can read."""
        return context_length(self.model.config)

    @cached_property
    def window(self) -> int | None:
        """How many tokens the layers that see least can see; ``None`` if every layer sees all."""
        return window(self.model.config)

    @cached_property
    def fingerprint(self) -> str:
        """A checksum over the beginning of every weight: another model, or a fine-tuned one, has another."""
        return fingerprint(self.model)

    @cached_property
    def labels(self) -> Labels:
        """Token ids of the option labels."""
        return Labels(lambda text: plain_ids(self.tokenizer, text), self.name)

    @cached_property
    def cue(self) -> Tensor:
        """Token ids of the answer cue, shape ``[1, tokens]``."""
        return torch.tensor([self.labels.cue], device=self.device)

    @cached_property
    def label_ids(self) -> Tensor:
        """Token id of every usual option label after the cue, shape ``[26]``."""
        return self.ids_of_labels(LABELS)

    def label_sequences(self, options: int, labels: Sequence[str] = LABELS) -> tuple[Tokens, ...]:
        """Token ids of every option's label after the cue, one or several each."""
        return self.labels.sequences(labels_for(options, labels))

    def ids_of_labels(self, labels: Sequence[str]) -> Tensor:
        """Token id of every label after the cue, shape ``[labels]``.

        Raises:
            ModelError: The tokenizer splits a label into several tokens; :meth:`option_logits` can score those.
        """
        sequences = self.labels.sequences(labels)
        if any(len(ids) != 1 for ids in sequences):
            raise ModelError(f"the tokenizer of {self.name!r} writes some of {len(labels)} labels as several tokens")
        return torch.tensor([ids[0] for ids in sequences], device=self.device)

    def tokens(self, text: str, start: bool = True) -> Tensor:
        """Token ids of a text, shape ``[1, tokens]``; ``start`` adds the model's own start token, if any.

        What looks like a special token in the text is text.
        """
        return torch.tensor([plain_ids(self.tokenizer, text, start)], dtype=torch.long, device=self.device)

    def question_ids(self, text: str) -> Tensor:
        """Token ids of a question up to the answer cue, in the chat template if there is one, ``[1, tokens]``."""
        if self.chat is None:
            return self.tokens(text)
        return torch.tensor([self.chat.ids(text)], dtype=torch.long, device=self.device)

    def read(self, text: str, reserve: int = 64) -> Reading:
        """Read a question once, without gradient; what was read is kept while all of it fits in a gigabyte.

        All of the answer cue is read here but its last token, behind which the answer stands: what is read here is
        paid once, what follows once per persona.

        Args:
            text: The question up to the answer cue.
            reserve: Tokens that must still fit behind it.

        Raises:
            ModelError: The text is longer than the model's context.
        """
        ids = self.check_fits(text, reserve)
        if text not in self.readings:
            reading = self.read_ids(torch.cat([ids, self.cue[:, :-1]], dim=1))
            self.readings.keep(text, reading)
            return reading
        return self.readings[text]

    def check_fits(self, text: str, reserve: int = 64) -> Tensor:
        """The token ids of a text, if they leave room for ``reserve`` more; otherwise raises :class:`ModelError`."""
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

    def read_ids(self, ids: Tensor) -> Reading:
        """As :meth:`read`, from token ids of shape ``[1, tokens]``."""
        return read_once(self.model, ids, self.name)

    def label_logits(self, hidden: Tensor, options: int, labels: Sequence[str] = LABELS) -> Tensor:
        """Logits of the option labels alone, one row of the output layer an option.

        Args:
            hidden: Final hidden states, shape ``[n, width]``.
            options: How many options the question has.
            labels: What they are labelled with.

        Returns:
            Shape ``[n, options]``.
        """
        return output_logits(self.model, hidden, self.ids_of_labels(labels_for(options, labels)))

    def option_logits(
        self, hidden_after: Callable[[Tokens], Tensor], options: int, labels: Sequence[str] = LABELS
    ) -> Tensor:
        """Logits of the options, whether their labels are one token or several.

        Args:
            hidden_after: Final hidden states ``[n, width]`` behind the cue and the beginning of a label.
            options: How many options the question has.
            labels: What they are labelled with.

        Returns:
            Shape ``[n, options]``; log-probabilities where a label has several tokens.
        """
        sequences = self.label_sequences(options, labels)
        if all(len(ids) == 1 for ids in sequences):
            return self.label_logits(hidden_after(()), options, labels)
        return sequence_logits(
            sequences, lambda begun: output_logits(self.model, hidden_after(begun)).log_softmax(dim=-1)
        )

    def score(
        self, texts: Sequence[str], options: Sequence[int], batch: int = 32, labels: Sequence[str] = LABELS
    ) -> Tensor:
        """Probability of every option label after each text and the cue, without any persona.

        Args:
            texts: Questions up to the answer cue, each read on its own.
            options: How many options each has.
            batch: Texts a pass.
            labels: What the options are labelled with.

        Returns:
            Shape ``[texts, max(options)]``; 0 where a question has no such option.
        """
        return score_texts(self, texts, options, batch, labels)
