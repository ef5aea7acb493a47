"""Export of personas as PEFT folders, with virtual tokens that are the same for every question.

PEFT puts one fixed set of virtual tokens before any text. Tokens placed *before* the question and made without it are
exactly that, in both forms: a prompt-tuning folder holds the input embeddings (arXiv 2104.08691), a prefix-tuning
folder the keys and values of every layer (arXiv 2101.00190).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from personaspace.errors import ModelError
from personaspace.files import write_json, write_tensors
from personaspace.newquestions.points import PersonasLike, names_and_vectors
from personaspace.steer.model.prompts import open_question
from personaspace.steer.model.sources import pretrained_name
from personaspace.steer.soft_prompts.registry import kind_of
from personaspace.steer.steered_lm import SteeredLM
from personaspace.survey.arrays import Vectors

LONGEST = 100
"""Bytes of a folder's name, before it is numbered."""
RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d|conin|conout", re.IGNORECASE)
"""Names that Windows keeps for devices."""
PROBE = "Question: Is this a question?\nA. Yes\nB. No\n"


def export_peft(lm: SteeredLM, personas: PersonasLike, folder: str | Path) -> dict[str, Path]:
    """Write one PEFT folder per persona: ``adapter_config.json`` and ``adapter_model.safetensors``.

    ``PeftModel.from_pretrained(base_model, folder)`` then answers as that persona; its logits are not divided by
    ``lm.temperature_``.

    Args:
        lm: A trained model with virtual tokens before the question, made without it (``linear`` or ``mlp``).
        personas: Personas, one persona, or a list of them.
        folder: Holds the folders.

    Returns:
        The folder of each persona, by name; no two are the same on any file system.

    Raises:
        ModelError: The virtual tokens come after the question or depend on it.
        RunError: A folder cannot be written.
    """
    names, vectors = names_and_vectors(personas)
    tokens = fixed_tokens(lm, vectors)
    config = _peft_config(lm)
    folders = dict(zip(names, _folders(Path(folder), names), strict=True))
    for target, virtual in zip(folders.values(), tokens, strict=True):
        write_tensors(target / "adapter_model.safetensors", {"prompt_embeddings": virtual.flatten(1).float().cpu()})
        write_json(target / "adapter_config.json", config)
    return folders


@torch.no_grad()
def fixed_tokens(lm: SteeredLM, vectors: Vectors) -> Tensor:
    """Virtual tokens that are the same for every question, shape ``[n, *attachment.shape(model)]``.

    Raises:
        ModelError: The virtual tokens come after the question or depend on it.
    """
    settings = "placement 'before' and soft_prompt 'mlp' (--placement before --soft-prompt mlp)"
    if lm.attachment.placement != "before":
        raise ModelError(
            "PEFT puts virtual tokens before the text, this model has them after the question: "
            f"steer with {settings}, or export prompt_embeds for one question"
        )
    steerer = lm.steering.steerer
    points, questions = steerer.points(vectors), map(lm.model.read, (PROBE, open_question("Why?")))
    tokens: Tensor
    tokens, others = (steerer.soft_prompt(points, question.features) for question in questions)
    if not torch.equal(tokens, others):
        raise ModelError(
            f"the soft-prompting model {kind_of(lm.kind)!r} makes other virtual tokens for every question, PEFT holds "
            f"one set: steer with {settings}, or export prompt_embeds for one question"
        )
    return tokens


def _peft_config(lm: SteeredLM) -> dict[str, Any]:
    layers, heads, head_dim = lm.model.cache_shape
    common = {
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": pretrained_name(lm.model.name),
        "inference_mode": True,
        "num_virtual_tokens": lm.attachment.tokens,
        "num_layers": layers,
        "num_attention_heads": heads,
        "num_transformer_submodules": 1,
    }
    if lm.attachment.form == "prompt":
        return {"peft_type": "PROMPT_TUNING", **common, "token_dim": lm.model.width, "prompt_tuning_init": "RANDOM"}
    width = heads * head_dim
    return {
        "peft_type": "PREFIX_TUNING",
        **common,
        "token_dim": width,
        "encoder_hidden_size": width,
        "prefix_projection": False,
    }


def _folders(folder: Path, names: Sequence[str]) -> list[Path]:
    """A folder for each name, distinct on every file system; names that need no change have theirs first."""
    safe = [_safe(name) for name in names]
    given: dict[int, str] = {}
    taken: set[str] = set()
    for place in sorted(range(len(names)), key=lambda place: safe[place] != names[place]):
        numbered = (f"{safe[place]}-{number}" for number in count(2))
        given[place] = next(name for name in chain([safe[place]], numbered) if _as_disks_see(name) not in taken)
        taken.add(_as_disks_see(given[place]))
    return [folder / given[place] for place in range(len(names))]


def _safe(name: str) -> str:
    """A name as a folder of its own: no separator, dot or control character, not empty, reserved or long."""
    kept = re.sub(r"[^\w=-]+", "_", unicodedata.normalize("NFC", name)).encode()[:LONGEST].decode(errors="ignore")
    return f"_{kept}" if not kept or RESERVED.fullmatch(kept) else kept


def _as_disks_see(name: str) -> str:
    """Equal for names that some file system takes for one: upper and lower case, composed and decomposed letters."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
