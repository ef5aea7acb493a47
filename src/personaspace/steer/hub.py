"""Folders to and from repositories of the Hugging Face hub, with its errors in our words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from personaspace.errors import PersonaSpaceError, RunError, ServerError, SettingError, UnknownNameError

CONFIG, WEIGHTS, PERSONAS, CARD = "config.json", "soft_prompt.safetensors", "personas.safetensors", "README.md"
EXPECTATION = ("expectation.json", "expectation.safetensors")
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
        folder = snapshot_download(
            source, revision=revision, allow_patterns=[CONFIG, WEIGHTS, PERSONAS, CARD, *EXPECTATION]
        )
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
