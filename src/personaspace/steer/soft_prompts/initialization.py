"""Initialization of a soft-prompting model: random weights, initial virtual tokens and their scale.

The scale is the standard deviation of the frozen model's input embeddings (prompt form), or of each layer's keys and
values of the training questions (prefix form).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from personaspace.errors import SettingError
from personaspace.steer.forward.attach import Attachment
from personaspace.steer.forward.shared_prefix import KeysValues
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.question_cache import CachedQuestion, read_on
from personaspace.steer.soft_prompts.base import SoftPrompt, SoftPromptSettings
from personaspace.steer.steerer import Steerer


def new_soft_prompt(
    settings: SoftPromptSettings, dim: int, model: LanguageModel, attachment: Attachment, seed: int
) -> SoftPrompt:
    """Build a soft-prompting model with random weights that depend on the seed alone.

    Args:
        settings: Settings of one kind.
        dim: Dimension of the space.
        model: The frozen model.
        attachment: Placement and form of the virtual tokens.
        seed: Of the weights.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return settings.build(dim, _features(model), attachment.shape(model)).to(model.device)


def soft_prompt_shapes(
    settings: SoftPromptSettings, dim: int, model: LanguageModel, attachment: Attachment
) -> dict[str, tuple[int, ...]]:
    """Shapes of all tensors of the soft-prompting model that :func:`new_soft_prompt` builds, found without memory."""
    with torch.device("meta"):
        empty = settings.build(dim, _features(model), attachment.shape(model))
    return {name: tuple(tensor.shape) for name, tensor in empty.state_dict().items()}


def _features(model: LanguageModel) -> int:
    return len(model.read_ids(model.cue).features)


@torch.no_grad()
def initialize(steerer: Steerer, vectors: Tensor, questions: Iterable[CachedQuestion], seed: int) -> Tensor:
    """Measure the standardization of a soft-prompting model and set its initial virtual tokens.

    Of each question only its features and sums over its keys and values are kept, so that questions can be read one
    after the other.

    Args:
        steerer: Holds the soft-prompting model, which is changed in place.
        vectors: The training respondents' vectors, shape ``[n, dim]``.
        questions: The training questions as the model read them, one or more.
        seed: Of the random words that virtual tokens in prompt form start from.

    Returns:
        The questions' features, shape ``[questions, 2 * width]``.

    Raises:
        SettingError: The initial text has more or fewer tokens than there are virtual tokens.
    """
    model, module, attachment = steerer.model, steerer.soft_prompt, steerer.attachment
    prefix = attachment.form == "prefix"
    text = _tokens(model, attachment, module.settings.init_text) if module.settings.init == "text" else None
    after_each = text if prefix and attachment.placement == "after" else None
    read = torch.zeros(attachment.shape(model), device=model.device)
    spread, rows = Spread(), list[Tensor]()
    for question in questions:
        rows.append(question.features)
        if prefix:
            spread.add(question.keys_values)
        if after_each is not None:
            read += _read_after(model, question, after_each)
    origin = read / len(rows)
    if text is not None and after_each is None:
        origin = _last(model.read_ids(text).keys_values, attachment.tokens) if prefix else model.embedding(text)[0]
    elif module.settings.init == "default" and not prefix:
        vocabulary = model.vocabulary()
        words = torch.randint(len(vocabulary), (attachment.tokens,), generator=torch.Generator().manual_seed(seed))
        origin = vocabulary[words.to(vocabulary.device)]
    features = torch.stack(rows)
    module.vectors.measure(vectors.to(model.device))
    module.questions.measure(features)
    module.set_origin(origin, spread.per_layer().to(origin) if prefix else model.vocabulary().std())
    return features


class Spread:
    """Standard deviation of every layer's keys and of its values, from sums in double precision."""

    def __init__(self) -> None:
        self.count, self.total, self.squares = 0, torch.zeros(()), torch.zeros(())

    def add(self, keys_values: KeysValues) -> None:
        """Add the keys and values of one more question."""
        parts = torch.stack([part.flatten().float() for pair in keys_values for part in pair])
        variance, mean = (moment.cpu().double() for moment in torch.var_mean(parts, dim=1, correction=0))
        numbers = parts.shape[1]
        self.count += numbers
        self.total = self.total + numbers * mean
        self.squares = self.squares + numbers * (variance + mean**2)

    def per_layer(self) -> Tensor:
        """The standard deviations, shape ``[layers, 2, 1, 1]``."""
        variance = (self.squares - self.total**2 / self.count) / (self.count - 1)
        return variance.clamp_min(0).sqrt().view(-1, 2, 1, 1)


def _tokens(model: LanguageModel, attachment: Attachment, text: str) -> Tensor:
    """Token ids of the initial text, ``[1, tokens]``."""
    ids = model.tokens(text, start=False)
    if ids.shape[1] != attachment.tokens:
        raise SettingError(
            f"the initial text {text!r} has {ids.shape[1]} tokens of {model.name!r}, but {attachment.tokens} virtual "
            f"token(s) are asked for: ask for {ids.shape[1]}, or change the text"
        )
    return ids


def _read_after(model: LanguageModel, question: CachedQuestion, ids: Tensor) -> Tensor:
    """Keys and values of tokens ``[1, tokens]`` read after a question, as :func:`_last` gives them."""
    return _last(read_on(model.body, question.keys_values, ids), ids.shape[1])


def _last(keys_values: KeysValues, tokens: int) -> Tensor:
    """Keys and values of the last tokens of a text, shape ``[tokens, layers, 2, kv_heads, head_dim]``."""
    layers = [torch.stack([keys[0, :, -tokens:], values[0, :, -tokens:]]) for keys, values in keys_values]
    return torch.stack(layers).permute(3, 0, 1, 2, 4)
