"""A steered model to the hub: its two files, the personas that go with it, and a card."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from personaspace.errors import SettingError
from personaspace.files import read_json, read_metadata, read_tensors, write_json, write_tensors, write_text
from personaspace.steer.hub import CARD, CONFIG, PERSONAS, REPOSITORY, upload
from personaspace.steer.language_model import NANO
from personaspace.steer.model_card import model_card
from personaspace.steer.points import Personas, Vectors

if TYPE_CHECKING:
    from personaspace.steer.steered import SteeredLM


@dataclass(frozen=True, eq=False)
class NamedPoints:
    """Personas as they travel with a model: names and points, nobody's answers and no members.

    Attributes:
        names: One a point.
        vectors: Shape ``[points, dim]``.
    """

    names: tuple[str, ...]
    vectors: Vectors


def push(
    lm: SteeredLM,
    repository: str,
    personas: Personas | None = None,
    *,
    results: Mapping[str, pd.DataFrame] | None = None,
    base_model: str | None = None,
    private: bool = True,
    token: str | None = None,
) -> str:
    """Upload a trained steered model with a card; :meth:`SteeredLM.load` takes the repository's name.

    Args:
        lm: The model; its base model is named in the repository, not copied to it.
        repository: ``"organisation/name"``; made if it is not there.
        personas: Points to go with it, so that others can ask them: by name, without members.
        results: Tables of an evaluation by metric, methods in rows and evaluation sets in columns, for the card.
        base_model: Hub name of the base model, where it was loaded from a folder.
        private: Whether a repository made by this is private; one that is there stays as it is.
        token: Of the hub; the stored one where not given.

    Returns:
        Where the repository is.

    Raises:
        SettingError: A bad name, no token, or a base model that nobody else could load.
        ServerError: The hub cannot be reached.
    """
    base = base_model or lm.model.name
    if base != NANO and not (REPOSITORY.fullmatch(base) and (base_model or not Path(base).exists())):
        raise SettingError(
            f"the base model {base!r} is a folder on this machine, which nobody else can load: give the name it has on "
            "the hub as base_model (--base-model ORGANISATION/NAME)"
        )
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lm.save(folder)
        config = read_json(folder / CONFIG) | {"model": base}
        write_json(folder / CONFIG, config)
        if personas is not None:
            write_personas(folder, personas)
        names = () if personas is None else personas.names
        card = model_card(config, repository, None if base == NANO else base, names, results)
        write_text(folder / CARD, card)
        return upload(folder, repository, private=private, token=token, message="Steered model from personaspace")


def write_personas(folder: Path, personas: Personas) -> None:
    """Write ``personas.safetensors``: the points, and their names in its metadata."""
    vectors = np.asarray(personas.vectors, dtype=np.float32)
    write_tensors(folder / PERSONAS, {"vectors": vectors}, {"names": json.dumps(personas.names)})


def read_personas(folder: Path) -> NamedPoints | None:
    """What :func:`write_personas` wrote; none where there is no such file."""
    if not (folder / PERSONAS).exists():
        return None
    vectors = read_tensors(folder / PERSONAS)["vectors"]
    return NamedPoints(tuple(map(str, json.loads(read_metadata(folder / PERSONAS)["names"]))), vectors)
