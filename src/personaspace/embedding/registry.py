"""Embedders by name, and from the folder they were saved in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from personaspace.embedding.autoencoder.model import Autoencoder
from personaspace.embedding.base import CONFIG, FORMAT, WEIGHTS, Embedder
from personaspace.embedding.committee import Committee
from personaspace.embedding.ease import EASE
from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.gaussian import Gaussian
from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.errors import RunError, UnknownNameError, first_fault, unknown
from personaspace.files import check_tensors, read_checked, read_tensors
from personaspace.survey.checks import check_ids
from personaspace.survey.question import Question
from personaspace.survey.trait_questions import TraitQuestion


@dataclass(frozen=True)
class _Saved:
    """The content of config.json."""

    embedder: str
    settings: dict[str, Any]
    respondents: tuple[str, ...]
    questions: tuple[Question, ...]
    traits: tuple[TraitQuestion, ...] = ()

    def __post_init__(self) -> None:
        check_ids(self.respondents, (*self.questions, *self.traits))


def embedders() -> dict[str, type[Embedder]]:
    """Every embedder by its name."""
    classes: tuple[type[Embedder], ...] = (Autoencoder, Committee, EASE, Factorization, Gaussian, LightGCN)
    return {embedder.name: embedder for embedder in classes}


def make_embedder(name: str, **settings: Any) -> Embedder:
    """Make an embedder by name and check its settings, so that a bad one is found before anything is read or fitted.

    Args:
        name: One of :func:`embedders`.
        settings: Its settings, such as ``dim=64``.

    Returns:
        The embedder, not fitted.

    Raises:
        UnknownNameError: There is no such embedder, or it has no such setting.
        SettingError: A setting is outside what is allowed.

    Example:
        >>> make_embedder("factorization", dim=8).dim
        8
    """
    known = embedders()
    if name not in known:
        raise unknown("embedder", name, known)
    embedder = known[name]().set_params(**settings)
    embedder.check()
    return embedder


def load_embedder(folder: str | Path) -> Embedder:
    """Read an embedder that :meth:`Embedder.save` wrote.

    Args:
        folder: The folder with config.json and weights.safetensors.

    Returns:
        The embedder, fitted: equal vectors, equal predictions.

    Raises:
        RunError: A file is missing, damaged or of another format.
        UnknownNameError: It was saved by an embedder that is not known here.
    """
    folder = Path(folder)
    config, weights = read_checked(folder / CONFIG, _Saved, FORMAT), read_tensors(folder / WEIGHTS)
    if config.embedder not in embedders():
        raise unknown("embedder", config.embedder, embedders())
    embedder = _with_settings(folder / CONFIG, config)
    shapes = embedder.shapes(len(config.respondents), config.questions, config.traits)
    check_tensors(folder / WEIGHTS, weights, shapes)
    embedder.restore(weights, config.respondents, config.questions, config.traits)
    return embedder


def _with_settings(path: Path, config: _Saved) -> Embedder:
    """The embedder with its saved settings, whose types and values are checked."""
    kinds = get_type_hints(embedders()[config.embedder])
    try:
        settings = {name: TypeAdapter(kinds.get(name, Any)).validate_python(v) for name, v in config.settings.items()}
        return make_embedder(config.embedder, **settings)
    except (ValueError, TypeError, UnknownNameError) as error:
        raise RunError(f"{path} holds settings that are not allowed ({first_fault(error)}): fit again") from error
