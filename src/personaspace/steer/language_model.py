"""A frozen causal language model: load, tokenize, read a question once, score options."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, DynamicCache
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

from personaspace.errors import ModelError, SettingError, UnknownNameError
from personaspace.steer.prompt import CUE, LABELS
from personaspace.steer.shared_attention import KeysValues

NANO = "nano"
READINGS_BYTES = 2**30


@dataclass(frozen=True)
class Reading:
    """What the frozen model made of one question, before any persona is known.

    Attributes:
        ids: Token ids of the question and of the answer cue but its last token, shape ``[1, tokens]``.
        keys_values: Per layer the keys and values, each ``[1, kv_heads, tokens, head_dim]``.
        features: What a question-aware soft-prompting model sees of it, shape ``[2 * width]``: the last
            position's final hidden state, and the mean over positions of the middle layer.
    """

    ids: Tensor
    keys_values: KeysValues
    features: Tensor

    @cached_property
    def nbytes(self) -> int:
        """Memory of the keys and values."""
        return sum(tensor.nbytes for pair in self.keys_values for tensor in pair)


class LanguageModel:
    r"""A causal language model whose weights never change.

    Args:
        model: Any ``transformers`` causal language model.
        tokenizer: Its tokenizer.
        name: The name or folder it was loaded from.
        device: Where it runs.

    Attributes:
        shares: Whether its attention can share a question among personas; ``None`` until tried.
        readings: Questions read so far.

    Example:
        >>> model = LanguageModel.load("nano")
        >>> model.score(["Question: Is snow white?\nA. Yes\nB. No\n"], [2]).shape
        torch.Size([1, 2])
    """

    def __init__(self, model: Any, tokenizer: Any, name: str, device: str = "cpu") -> None:
        self.model = model.to(device).eval().requires_grad_(False)
        self.tokenizer = tokenizer
        self.name = name
        self.shares: bool | None = None
        self.readings: dict[str, Reading] = {}

    @classmethod
    def load(cls, name: str, device: str = "cpu") -> LanguageModel:
        """Load a model and freeze it.

        Args:
            name: A hub name, a folder, or ``nano`` for the small model shipped with the package.
            device: Where it runs.

        Raises:
            UnknownNameError: There is no such folder, and the hub does not know or cannot be reached.
            ModelError: It is not a causal language model.
            SettingError: There is no such device.
        """
        check_device(device)
        source = str(Path(__file__).parents[1] / NANO) if name == NANO else name
        try:
            config = AutoConfig.from_pretrained(source)
            if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
                raise ModelError(
                    f"model {name!r} is of type {config.model_type!r}, which is not a causal language model: "
                    "choose one that AutoModelForCausalLM can load"
                )
            model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
            tokenizer = AutoTokenizer.from_pretrained(source)
        except (OSError, ValueError, ImportError, SafetensorError) as error:
            near = f"did you mean {NANO!r}? " if difflib.get_close_matches(name, [NANO]) else ""
            raise UnknownNameError(
                f"unknown model {name!r}: {near}Give {NANO!r}, a folder with a model and its tokenizer, or a hub name "
                f"that can be reached from here ({str(error).strip().partition(chr(10))[0]})"
            ) from error
        return cls(model, tokenizer, name, device)

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
        """The input embeddings."""
        embedding: torch.nn.Embedding = self.model.get_input_embeddings()
        return embedding

    @cached_property
    def cache_shape(self) -> tuple[int, int, int]:
        """Layers, key-value heads and head dimension, as the model itself caches them."""
        keys_values = self.read_ids(torch.zeros(1, 1, dtype=torch.long, device=self.device)).keys_values
        shapes = {tuple(t.shape) for pair in keys_values for t in pair}
        if len(shapes) != 1:
            raise ModelError(f"model {self.name!r} has layers with unlike caches, which is not supported")
        _, heads, _, head_dim = shapes.pop()
        return len(keys_values), heads, head_dim

    @property
    def context_length(self) -> int:
        """The most tokens the model can read."""
        return int(getattr(self.model.config, "max_position_embeddings", None) or 2**30)

    @cached_property
    def fingerprint(self) -> str:
        """A checksum over the beginning of every weight: another model, or a fine-tuned one, has another."""
        state = hashlib.sha256()
        for name, weight in self.model.state_dict().items():
            state.update(name.encode())
            state.update(weight.flatten()[:64].float().cpu().numpy().tobytes())
        return state.hexdigest()

    @cached_property
    def cue(self) -> Tensor:
        """Token ids of the answer cue, shape ``[1, tokens]``."""
        return self.tokens(CUE, start=False)

    @cached_property
    def label_ids(self) -> Tensor:
        """Token id of every usual option label after the cue, shape ``[26]``."""
        return self.ids_of_labels(LABELS)

    def ids_of_labels(self, labels: str) -> Tensor:
        """Token id of every option label after the cue, shape ``[labels]``.

        Raises:
            ModelError: The tokenizer splits a label into several tokens.
        """
        ids = []
        for label in labels:
            whole = self.tokens(f"{CUE} {label}", start=False)
            if whole.shape[1] != self.cue.shape[1] + 1 or not torch.equal(whole[:, :-1], self.cue):
                raise ModelError(f"the tokenizer of {self.name!r} does not write ' {label}' as one token")
            ids.append(int(whole[0, -1]))
        return torch.tensor(ids, device=self.device)

    def tokens(self, text: str, start: bool = True) -> Tensor:
        """Token ids of a text, shape ``[1, tokens]``; ``start`` adds the model's own start token, if any.

        What looks like a special token in the text is text.
        """
        ids = self.tokenizer(text, add_special_tokens=start, split_special_tokens=True)["input_ids"]
        if start and ids[-1] == self.tokenizer.eos_token_id:
            ids = ids[:-1]
        return torch.tensor([ids], dtype=torch.long, device=self.device)

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
        if text in self.readings:
            return self.readings[text]
        reading = self.read_ids(torch.cat([ids, self.cue[:, :-1]], dim=1))
        if sum(other.nbytes for other in self.readings.values()) + reading.nbytes <= READINGS_BYTES:
            self.readings[text] = reading
        return reading

    def check_fits(self, text: str, reserve: int = 64) -> Tensor:
        """The token ids of a text, if they leave room for ``reserve`` more; otherwise raises :class:`ModelError`."""
        ids = self.tokens(text)
        self._check_length(ids.shape[1] + reserve)
        return ids

    @torch.no_grad()
    def read_ids(self, ids: Tensor) -> Reading:
        """As :meth:`read`, from token ids of shape ``[1, tokens]``."""
        cache: Any = DynamicCache()
        out = self.model.base_model(ids, past_key_values=cache, use_cache=True, output_hidden_states=True)
        states = out.hidden_states
        features = torch.cat([states[-1][0, -1], states[len(states) // 2][0].mean(0)])
        return Reading(ids, [(layer.keys, layer.values) for layer in cache.layers], features)

    def label_logits(self, hidden: Tensor, options: int, labels: str = LABELS) -> Tensor:
        """Logits of the option labels alone, one row of the output layer an option.

        Args:
            hidden: Final hidden states, shape ``[n, width]``.
            options: How many options the question has.
            labels: What they are labelled with.

        Returns:
            Shape ``[n, options]``.
        """
        output = self.model.get_output_embeddings()
        rows = self.label_ids[:options] if labels == LABELS else self.ids_of_labels(labels[:options])
        logits: Tensor = hidden @ output.weight[rows].T
        bias = getattr(output, "bias", None)
        return logits if bias is None else logits + bias[rows]

    @torch.no_grad()
    def score(self, texts: Sequence[str], options: Sequence[int], batch: int = 32, labels: str = LABELS) -> Tensor:
        """Probability of every option label after each text and the cue, without any persona.

        Args:
            texts: Questions up to the answer cue, each read on its own.
            options: How many options each has.
            batch: Texts a pass.
            labels: What the options are labelled with.

        Returns:
            Shape ``[texts, max(options)]``; 0 where a question has no such option.
        """
        scores = torch.zeros(len(texts), max(options, default=0))
        sequences = [torch.cat([self.tokens(text), self.cue], dim=1)[0] for text in texts]
        self._check_length(max((len(s) for s in sequences), default=0))
        order = sorted(range(len(texts)), key=lambda i: len(sequences[i]))
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            hidden = self._last_hidden([sequences[i] for i in rows])
            for i, state in zip(rows, hidden, strict=True):
                scores[i, : options[i]] = self.label_logits(state[None], options[i], labels)[0].softmax(-1).cpu()
        return scores

    def _last_hidden(self, sequences: Sequence[Tensor]) -> Tensor:
        lengths = torch.tensor([len(s) for s in sequences], device=self.device)
        ids = torch.nn.utils.rnn.pad_sequence(list(sequences), batch_first=True)
        mask = torch.arange(ids.shape[1], device=self.device) < lengths[:, None]
        hidden: Tensor = self.model.base_model(ids, attention_mask=mask.long(), use_cache=False).last_hidden_state
        return hidden[torch.arange(len(sequences), device=self.device), lengths - 1]

    def _check_length(self, tokens: int) -> None:
        if tokens > self.context_length:
            raise ModelError(
                f"the text needs {tokens} tokens, but {self.name!r} reads at most {self.context_length}: "
                "shorten the question or its options, or choose a model with a longer context"
            )


def check_device(device: str) -> None:
    """Raise :class:`SettingError` unless tensors can be put on the device."""
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise SettingError(f"device {device!r} cannot be used here ({reason}): give cpu, or cuda on a GPU") from error
