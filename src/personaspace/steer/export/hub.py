"""Pushing steered models to the Hugging Face hub and downloading them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
import pandas as pd

from personaspace.errors import PersonaSpaceError, RunError, ServerError, SettingError, UnknownNameError, shown
from personaspace.files import (
    check_tensors,
    read_json,
    read_metadata,
    read_tensors,
    write_json,
    write_tensors,
    write_text,
)
from personaspace.newquestions import gaussian_process
from personaspace.newquestions.points import PersonasLike, names_and_vectors
from personaspace.steer.export.model_card import model_card
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.sources import HUB_NAMES, REPOSITORY, is_gguf, is_repository
from personaspace.steer.saved import CONFIG, WEIGHTS
from personaspace.survey.arrays import Vectors

PERSONAS, CARD = "personas.safetensors", "README.md"


def download(repository: str | Path, revision: str | None = None) -> Path:
    """Download a steered model from the hub; returns its folder in the local cache.

    Args:
        repository: ``"organisation/name"``.
        revision: Branch, tag or commit of the repository.

    Raises:
        UnknownNameError: The hub has no such repository or revision, or does not show it.
        ServerError: The hub cannot be reached and the repository is not in the local cache.
    """
    from huggingface_hub import snapshot_download

    files = [CONFIG, WEIGHTS, PERSONAS, CARD, gaussian_process.QUESTIONS, gaussian_process.WEIGHTS]
    with hub_errors(str(repository)):
        return Path(snapshot_download(str(repository), revision=revision, allow_patterns=files))


def upload(folder: Path, repository: str, *, private: bool, token: str | None, message: str) -> str:
    """Commit a folder to a repository, which is made if there is none.

    Args:
        folder: The folder to upload.
        repository: ``"organisation/name"``.
        private: Whether a repository that is made new is private.
        token: Access token; by default the one stored by ``hf auth login`` or in ``HF_TOKEN``.
        message: Message of the commit.

    Returns:
        Address of the repository.

    Raises:
        SettingError: The name is not allowed, or there is no token, or none that may write.
        ServerError: The hub cannot be reached.
    """
    from huggingface_hub import HfApi, get_token

    if not REPOSITORY.fullmatch(repository):
        raise SettingError(f"{repository!r} is not a repository: write ORGANISATION/NAME")
    if not (token or get_token()):
        raise SettingError("no token of the hub found: run `hf auth login`, or set HF_TOKEN to one that may write")
    api = HfApi(token=token)
    with hub_errors(repository):
        url = api.create_repo(repository, private=private, exist_ok=True)
        api.upload_folder(repo_id=repository, folder_path=folder, commit_message=message)
    return str(url)


@contextmanager
def hub_errors(repository: str) -> Iterator[None]:
    """Turn errors of ``huggingface_hub`` in a ``with`` block into errors of this package."""
    from huggingface_hub import errors

    try:
        yield
    except errors.HFValidationError as error:
        raise SettingError(f"{repository!r} is not a name the hub allows ({_line(error)})") from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise UnknownNameError(
            f"the hub shows no model {repository!r}, or not this revision of it: check the name; if it is private, "
            "run `hf auth login` or set HF_TOKEN"
        ) from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise SettingError(
                f"the hub refuses this for {repository!r} (status {status}): use a token that may write to it"
            ) from error
        raise ServerError(f"the hub failed on {repository!r} ({_line(error)}): try again later") from error
    except (errors.HTTPError, OSError) as error:  # type: ignore[attr-defined]
        raise ServerError(
            f"the hub cannot be reached for {repository!r} ({_line(error)}): check the network and HF_HUB_OFFLINE, "
            "or give a local folder"
        ) from error


@contextmanager
def whole(folder: Path) -> Iterator[None]:
    """Turn errors in reading a foreign or damaged folder into a :class:`RunError` that names it."""
    try:
        yield
    except PersonaSpaceError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise RunError(
            f"{folder} does not hold a steered model of this version of personaspace ({_line(error)}): "
            "save or push it again"
        ) from error


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


@dataclass(frozen=True, eq=False)
class NamedPoints:
    """Personas as they are published with a model: names and vectors, without answers or members.

    Attributes:
        names: One name per point.
        vectors: Shape ``[points, dim]``.
    """

    names: tuple[str, ...]
    vectors: Vectors


class Savable(Protocol):
    """A steered model that can be pushed."""

    @property
    def model(self) -> LanguageModel:
        """The base model."""

    def save(self, folder: str | Path) -> None:
        """Write it to a folder."""


def push(
    lm: Savable,
    repository: str,
    personas: PersonasLike | None = None,
    *,
    results: Mapping[str, pd.DataFrame] | None = None,
    disclosure: Mapping[str, str] | None = None,
    base_model: str | None = None,
    private: bool = True,
    token: str | None = None,
) -> str:
    """Push a trained steered model to the hub with a model card; :meth:`SteeredLM.load` takes the repository's name.

    Args:
        lm: The model; its base model is named in the repository, not copied to it.
        repository: ``"organisation/name"``; made if there is none.
        personas: Personas to publish with it: names and vectors, without members.
        results: Tables of an evaluation by metric, methods in rows and evaluation sets in columns, for the card.
        disclosure: Of that evaluation, for the card: :attr:`Results.disclosure`.
        base_model: Hub name of the base model, where it was loaded from a folder.
        private: Whether a new repository is private.
        token: Access token; by default the stored one.

    Returns:
        Address of the repository.

    Raises:
        SettingError: A bad name, no token, or a base model that nobody else could load.
        ServerError: The hub cannot be reached.
    """
    base = _base_name(lm.model.name, base_model)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        lm.save(folder)
        config = read_json(folder / CONFIG) | {"model": base}
        write_json(folder / CONFIG, config)
        if personas is not None:
            write_personas(folder, personas)
        names = () if personas is None else names_and_vectors(personas)[0]
        card = model_card(config, repository, HUB_NAMES.get(base, base), names, results, disclosure)
        write_text(folder / CARD, card)
        return upload(folder, repository, private=private, token=token, message="Steered model from personaspace")


def _base_name(name: str, given: str | None) -> str:
    """The name under which everybody can load the base model that is called ``name`` here."""
    if is_gguf(name):
        raise SettingError(
            f"the base model {shown(name, 200)} is a GGUF file on this machine, and no name on the hub stands for its "
            "quantized weights: steer the model under its hub name ORGANISATION/NAME, then push that"
        )
    if name in HUB_NAMES and given:
        raise SettingError(f"everybody can load the base model {name!r} by this name: leave out base_model")
    if name not in HUB_NAMES and not (REPOSITORY.fullmatch(given) if given else is_repository(name)):
        raise SettingError(
            f"the base model {given or name!r} is a folder on this machine, which nobody else can load: give the name "
            "it has on the hub as base_model (--base-model ORGANISATION/NAME)"
        )
    return given or name


def write_personas(folder: Path, personas: PersonasLike) -> None:
    """Write ``personas.safetensors``: the vectors, and the names in its metadata."""
    names, vectors = names_and_vectors(personas)
    write_tensors(folder / PERSONAS, {"vectors": np.asarray(vectors, np.float32)}, {"names": json.dumps(names)})


def read_personas(folder: Path, dim: int) -> NamedPoints | None:
    """Read the personas in a folder, vectors of length ``dim``; ``None`` where there are none.

    Raises:
        RunError: The file is damaged, or its vectors are not numbers or of another length.
    """
    if not (folder / PERSONAS).exists():
        return None
    path = folder / PERSONAS
    tensors, names = read_tensors(path), json.loads(read_metadata(path).get("names", "null"))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or len({*names}) < len(names):
        raise RunError(f"{path}: the names of the personas are not distinct strings; push the model again")
    check_tensors(path, tensors, {"vectors": (len(names), dim)})
    return NamedPoints(tuple(names), tensors["vectors"])
