"""Which base model it is, and whether it is the one something was trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from personaspace.errors import RunError

if TYPE_CHECKING:
    from personaspace.steer.language_model import LanguageModel


def fingerprint(model: Any) -> str:
    """A checksum over the beginning of every weight: another model, or a fine-tuned one, has another."""
    state = hashlib.sha256()
    for name, weight in model.state_dict().items():
        state.update(name.encode())
        state.update(weight.flatten()[:64].float().cpu().numpy().tobytes())
    return state.hexdigest()


def check_base(model: LanguageModel, config: Mapping[str, Any], folder: Path) -> None:
    """Raise :class:`RunError` unless a model is the one a saved configuration names, spoken to in the same way."""
    if model.fingerprint != config["fingerprint"]:
        raise RunError(f"{folder} was trained on another model than the one now found as {config['model']!r}")
    if model.settings.chat != config["base"]["chat"]:
        raise RunError(f"{folder} was trained with chat={config['base']['chat']!r}: load the model with that setting")
