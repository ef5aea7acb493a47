"""A persona's virtual tokens for other libraries: PEFT folders, and input embeddings for a server.

PEFT puts one fixed set of tokens before whatever is read. Tokens steered *before* the question by a model blind to it
are exactly that, in both forms: a prompt-tuning folder holds the input embeddings (arXiv 2104.08691), a prefix-tuning
folder the keys and values of every layer (arXiv 2101.00190). Tokens placed *after* the question, or made with the
question in view, exist for one question only: they are exported as the whole sequence of input embeddings to read.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from personaspace.errors import ModelError, NotFittedError, SurveyError
from personaspace.files import write_json, write_tensors
from personaspace.steer.attach import attach
from personaspace.steer.language_model import NANO, LanguageModel, Reading
from personaspace.steer.pairs import question_prompt
from personaspace.steer.points import Personas, Vectors
from personaspace.steer.prompt import open_question
from personaspace.survey.question import Question

if TYPE_CHECKING:
    from personaspace.steer.steered import SteeredLM

PROBE = "Question: Is this a question?\nA. Yes\nB. No\n"


@torch.no_grad()
def prompt_embeds(lm: SteeredLM, personas: Personas, asked: Question | str, reserve: int = 64) -> Tensor:
    """All that a model steered in prompt form reads for one question, as input embeddings.

    They are as the first layer takes them: where a model scales its embeddings (Gemma), they are scaled, which is
    what ``inputs_embeds`` of ``transformers`` and ``prompt_embeds`` of vLLM both expect.

    Args:
        lm: A trained model in prompt form, of either placement.
        personas: Named points.
        asked: A question with options, or what is to be answered in words.
        reserve: Tokens that must still fit behind it.

    Returns:
        Shape ``[personas, tokens, width]``: question, virtual tokens and cue, in the order of the placement.

    Raises:
        ModelError: The model is steered in prefix form, or the question does not fit its context.
    """
    if lm.attachment.form != "prompt":
        raise ModelError(
            "keys and values of the prefix form cannot be given as input embeddings: steer with form 'prompt'"
        )
    text = question_prompt(asked) if isinstance(asked, Question) else open_question(asked)
    reading = lm.model.read(text, reserve)
    continuation = attach(lm.model, reading, virtual_tokens(lm, personas.vectors, reading), lm.attachment)
    if not continuation.question:
        return continuation.embeddings
    question = lm.model.embedding(reading.ids).expand(len(continuation.embeddings), -1, -1)
    return torch.cat([question, continuation.embeddings], dim=1)


def wire_format(embeddings: Tensor) -> str:
    """One sequence ``[tokens, width]`` as vLLM takes it: base64 of what ``torch.save`` writes.

    ``torch.save`` writes a zip archive whose index is a pickle. That is vLLM's format; it is only ever sent from here,
    never read.
    """
    buffer = io.BytesIO()
    torch.save(embeddings.detach().cpu().clone(), buffer)  # a view would be saved with everything it is cut from
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def export_peft(lm: SteeredLM, personas: Personas, folder: Path) -> dict[str, Path]:
    """Write one PEFT folder a persona: ``adapter_config.json`` and ``adapter_model.safetensors``.

    ``PeftModel.from_pretrained(base_model, folder)`` then reads what it is given as that persona does.

    Args:
        lm: A trained model, steered before the question by a soft-prompting model blind to it.
        personas: Named points.
        folder: Where the folders are to stand.

    Returns:
        The folder of each persona, by name.

    Raises:
        ModelError: The tokens come after the question or depend on it, so that no fixed tokens are the persona.
        RunError: A folder cannot be written.
    """
    tokens = fixed_tokens(lm, personas.vectors)
    config = _peft_config(lm)
    folders = dict(zip(personas.names, _folders(folder, personas.names), strict=True))
    for target, virtual in zip(folders.values(), tokens, strict=True):
        write_tensors(target / "adapter_model.safetensors", {"prompt_embeddings": virtual.flatten(1).float().cpu()})
        write_json(target / "adapter_config.json", config)
    return folders


@torch.no_grad()
def fixed_tokens(lm: SteeredLM, vectors: Vectors) -> Tensor:
    """Virtual tokens that are the same for every question, shape ``[n, *attachment.shape(model)]``.

    Raises:
        ModelError: There are none: the tokens come after the question or depend on it.
    """
    settings = "placement 'before' and soft_prompt 'mlp' (--placement before --soft-prompt mlp)"
    if lm.attachment.placement != "before":
        raise ModelError(
            "PEFT puts virtual tokens before the text, this model has them after the question: "
            f"steer with {settings}, or export prompt_embeds for one question"
        )
    tokens, others = (virtual_tokens(lm, vectors, lm.model.read(text)) for text in (PROBE, open_question("Why?")))
    if not torch.equal(tokens, others):
        raise ModelError(
            f"the soft-prompting model {lm.kind!r} makes other virtual tokens for every question, PEFT holds one set: "
            f"steer with {settings}, or export prompt_embeds for one question"
        )
    return tokens


def virtual_tokens(lm: SteeredLM, vectors: Vectors, reading: Reading) -> Tensor:
    """Virtual tokens of points of the space for one question, shape ``[n, *attachment.shape(model)]``."""
    if not hasattr(lm, "soft_prompt_"):
        raise NotFittedError("this SteeredLM has not been trained: call fit(survey, space) first")
    dim = len(lm.soft_prompt_.vectors.mean)
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise SurveyError(f"vectors have shape {vectors.shape}; this steered model takes [n, {dim}]")
    tokens: Tensor = lm.soft_prompt_(torch.as_tensor(vectors, device=lm.model.device), reading.features)
    return tokens


def base_name(model: LanguageModel) -> str | None:
    """The base model's hub name or folder; none for the model that ships with the package."""
    return None if model.name == NANO else model.name


def _peft_config(lm: SteeredLM) -> dict[str, Any]:
    layers, heads, head_dim = lm.model.cache_shape
    common = {
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base_name(lm.model),
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
    safe = [re.sub(r"[^\w=-]+", "_", name)[:100] for name in names]
    return [folder / (name if safe.count(name) == 1 else f"{name}-{place}") for place, name in enumerate(safe, 1)]
