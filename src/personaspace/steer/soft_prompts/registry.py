"""Registry of soft-prompting models by name."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from personaspace.checks import check_text
from personaspace.errors import SettingError, unknown
from personaspace.steer.soft_prompts.base import SoftPromptSettings
from personaspace.steer.soft_prompts.informed import InformedSettings
from personaspace.steer.soft_prompts.mlp import LinearSettings, MlpSettings
from personaspace.steer.soft_prompts.question_aware import QuestionAwareSettings
from personaspace.steer.soft_prompts.transformer import TransformerSettings

SOFT_PROMPTS: dict[str, type[SoftPromptSettings]] = {
    "informed": InformedSettings,
    "linear": LinearSettings,
    "mlp": MlpSettings,
    "question-aware": QuestionAwareSettings,
    "transformer": TransformerSettings,
}


def soft_prompt_settings(kind: str, **settings: Any) -> SoftPromptSettings:
    """Settings of a soft-prompting model by its name.

    Args:
        kind: A name in :data:`SOFT_PROMPTS`.
        settings: Settings other than the defaults.

    Raises:
        UnknownNameError: There is no such soft-prompting model.
        SettingError: It has no such setting, or the value is outside what is allowed.

    Example:
        >>> soft_prompt_settings("mlp", hidden=64).hidden
        64
    """
    if check_text("soft_prompt", kind) not in SOFT_PROMPTS:
        raise unknown("soft-prompting model", kind, SOFT_PROMPTS)
    make = SOFT_PROMPTS[kind]
    known = [field.name for field in fields(make)]
    if surplus := sorted(settings.keys() - set(known)):
        raise SettingError(f"soft-prompting model {kind!r} has no setting {surplus[0]!r}: it has {', '.join(known)}")
    return make(**settings)


def kind_of(settings: SoftPromptSettings) -> str:
    """The name of the soft-prompting model with these settings."""
    return next(kind for kind, make in SOFT_PROMPTS.items() if make is type(settings))


def described(settings: SoftPromptSettings) -> dict[str, Any]:
    """Name and settings of a soft-prompting model as plain values, the arguments of :func:`soft_prompt_settings`."""
    return {"kind": kind_of(settings), **asdict(settings)}
