"""Folders to and from repositories of the Hugging Face hub, with its errors in our words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import numpy as np
import pandas as pd

from personaspace.errors import PersonaSpaceError, RunError, ServerError, SettingError, UnknownNameError
from personaspace.files import read_json, read_metadata, read_tensors, write_json, write_tensors, write_text
from personaspace.steer.export.model_card import model_card
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.loading import NANO
from personaspace.steer.protocols import Personas
from personaspace.survey.arrays import Vectors

CONFIG, WEIGHTS, PERSONAS, CARD = "config.json", "soft_prompt.safetensors", "personas.safetensors", "README.md"
PRIOR = ("question_prior.json", "question_prior.safetensors")
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def located(source: str | Path, revision: str | None = None) -> Path:
    """The folder a steered model is loaded from: a folder that is there, or else a hub repository, downloaded.

    Args:
        source: A folder, or ``"organisation/name"``.
        revision: Branch, tag or commit of the repository.

    Raises:
        UnknownNameError: The hub has no such repository or revision, or does not show it.
        ServerError: The hub cannot be reached and the repository is not in the local cache.
    """
    if isinstance(source, Path) or Path(source).exists() or not REPOSITORY.fullmatch(source):
        return Path(source)
    from huggingface_hub import snapshot_download

    with hub_errors(source):
        folder = snapshot_download(source, revision=revision, allow_patterns=[CONFIG, WEIGHTS, PERSONAS, CARD, *PRIOR])
    return Path(folder)


def upload(folder: Path, repository: str, *, private: bool, token: str | None, message: str) -> str:
    """Make a repository if there is none and commit a folder to it.

    Args:
        folder: What is uploaded.
        repository: ``"organisation/name"``.
        private: Whether a repository that is made new is private.
        token: Of the hub; the one stored by ``hf auth login`` or in ``HF_TOKEN`` where not given.
        message: Of the commit.

    Returns:
        Where the repository is.

    Raises:
        SettingError: The name is not one, or there is no token or it does not allow this.
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
    """Say what went wrong on the hub in our own words."""
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
    """Turn what goes wrong while a foreign or damaged folder is read into a :class:`RunError` that names it."""
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
    """Personas as they travel with a model: names and points, nobody's answers and no members.

    Attributes:
        names: One a point.
        vectors: Shape ``[points, dim]``.
    """

    names: tuple[str, ...]
    vectors: Vectors


class Savable(Protocol):
    """A steered model, as far as pushing it goes."""

    @property
    def model(self) -> LanguageModel:
        """The base model."""

    def save(self, folder: str | Path) -> None:
        """Write it to a folder."""


def push(
    lm: Savable,
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
