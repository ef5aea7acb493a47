"""Embedders by name, and from the folder they were saved in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from personaspace.embedding.autoencoder.model import Autoencoder
from personaspace.embedding.base import CONFIG, FORMAT, WEIGHTS, Embedder
from personaspace.embedding.committee import Committee
from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.errors import RunError, unknown
from personaspace.files import read_json, read_tensors
from personaspace.survey.question import Question


def embedders() -> dict[str, type[Embedder]]:
    """Every embedder by its name."""
    classes: tuple[type[Embedder], ...] = (Autoencoder, Committee, Factorization, LightGCN)
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
    config, weights = read_json(folder / CONFIG), read_tensors(folder / WEIGHTS)
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise RunError(f"{folder / CONFIG} is not of format {FORMAT}: fit the embedder again with this version")
    settings = {name: tuple(value) if isinstance(value, list) else value for name, value in config["settings"].items()}
    embedder = make_embedder(config["embedder"], **settings)
    questions = [Question.from_json(question) for question in config["questions"]]
    try:
        embedder.restore(weights, config["respondents"], questions)
    except KeyError as missing:
        raise RunError(f"{folder / WEIGHTS} lacks {missing}: fit the embedder again") from missing
    return embedder
