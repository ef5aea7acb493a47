"""Initialization of a soft-prompting model: random weights, initial virtual tokens and their scale.

The scale is the standard deviation of the frozen model's input embeddings (prompt form), or of each layer's keys and
values of the training questions (prefix form).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from personaspace.errors import SettingError
from personaspace.steer.forward.attach import Attachment
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.question_cache import CachedQuestion
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
def initialize(steerer: Steerer, vectors: Tensor, questions: Sequence[CachedQuestion], seed: int) -> None:
    """Measure the standardization of a soft-prompting model and set its initial virtual tokens.

    Args:
        steerer: Holds the soft-prompting model, which is changed in place.
        vectors: The training respondents' vectors, shape ``[n, dim]``.
        questions: The training questions as the model read them, one or more.
        seed: Of the random words that virtual tokens in prompt form start from.

    Raises:
        SettingError: The initial text has more or fewer tokens than there are virtual tokens.
    """
    model, module, attachment = steerer.model, steerer.soft_prompt, steerer.attachment
    settings = module.settings
    module.vectors.measure(vectors.to(model.device))
    module.questions.measure(torch.stack([question.features for question in questions]))
    origin = torch.zeros(attachment.shape(model), device=model.device)
    if settings.init == "text":
        origin = _text(model, attachment, settings.init_text, questions)
    elif settings.init == "default" and attachment.form == "prompt":
        vocabulary = model.vocabulary()
        words = torch.randint(len(vocabulary), (attachment.tokens,), generator=torch.Generator().manual_seed(seed))
        origin = vocabulary[words.to(vocabulary.device)]
    module.set_origin(origin, _scale(model, attachment, questions))


def _text(model: LanguageModel, attachment: Attachment, text: str, questions: Sequence[CachedQuestion]) -> Tensor:
    ids = model.tokens(text, start=False)
    if ids.shape[1] != attachment.tokens:
        raise SettingError(
            f"the initial text {text!r} has {ids.shape[1]} tokens of {model.name!r}, but {attachment.tokens} virtual "
            f"token(s) are asked for: ask for {ids.shape[1]}, or change the text"
        )
    if attachment.form == "prompt":
        words: Tensor = model.embedding(ids)[0]
        return words
    if attachment.placement == "before":
        return _last(model.read_ids(ids), attachment.tokens)
    after = [_last(model.read_ids(torch.cat([cached.ids, ids], dim=1)), attachment.tokens) for cached in questions]
    return torch.stack(after).mean(0)


def _scale(model: LanguageModel, attachment: Attachment, questions: Sequence[CachedQuestion]) -> Tensor:
    if attachment.form == "prompt":
        return model.vocabulary().std()
    per_layer = [
        [torch.cat([cached.keys_values[layer][which].flatten() for cached in questions]).std() for which in (0, 1)]
        for layer in range(len(questions[0].keys_values))
    ]
    return torch.tensor(per_layer, device=model.device)[:, :, None, None]


def _last(question: CachedQuestion, tokens: int) -> Tensor:
    """Keys and values of the last tokens of a question, shape ``[tokens, layers, 2, kv_heads, head_dim]``."""
    layers = [torch.stack([keys[0, :, -tokens:], values[0, :, -tokens:]]) for keys, values in question.keys_values]
    return torch.stack(layers).permute(3, 0, 1, 2, 4)
