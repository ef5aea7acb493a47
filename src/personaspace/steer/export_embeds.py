"""A question to personas as input embeddings: what a model steered in prompt form reads, for another server to read.

Tokens placed after the question, or made with the question in view, exist for one question only. They are exported as
the whole sequence of input embeddings: question, virtual tokens and cue, in the order of the placement.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from personaspace.errors import ModelError, NotFittedError, SurveyError
from personaspace.files import write_tensors
from personaspace.steer.attach import attach
from personaspace.steer.language_model import Reading
from personaspace.steer.pairs import question_prompt
from personaspace.steer.points import Personas, Vectors
from personaspace.steer.prompt import open_question
from personaspace.survey.question import Option, Question

if TYPE_CHECKING:
    from personaspace.steer.steered import SteeredLM


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
    text = question_prompt(asked, lm.refusals) if isinstance(asked, Question) else open_question(asked)
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


def export_embeds(lm: SteeredLM, personas: Personas, text: str, options: Sequence[str], folder: str | Path) -> Path:
    """Write ``prompt_embeds.safetensors``: one sequence ``[tokens, width]`` a persona, by name, for one question.

    Its metadata name the base model, the question, and the token ids of the option labels (``labels``), between whose
    logits behind the sequence the answer is decided.

    Args:
        lm: A trained model in prompt form.
        personas: Named points.
        text: The question.
        options: Its answers; none where it is to be answered in words.
        folder: Where the file is to stand.

    Returns:
        The file.

    Raises:
        ModelError: The model is steered in prefix form, or the question does not fit its context.
    """
    asked = Question("asked", text, tuple(map(Option, options))) if options else text
    embeddings = prompt_embeds(lm, personas, asked)
    about = {
        "base_model": lm.model.name,
        "question": text,
        "options": json.dumps(list(options)),
        "labels": json.dumps(lm.model.label_ids[: len(options)].tolist() if options else []),
    }
    path = Path(folder) / "prompt_embeds.safetensors"
    write_tensors(path, dict(zip(personas.names, embeddings.cpu(), strict=True)), about)
    return path


def virtual_tokens(lm: SteeredLM, vectors: Vectors, reading: Reading) -> Tensor:
    """Virtual tokens of points of the space for one question, shape ``[n, *attachment.shape(model)]``."""
    if not hasattr(lm, "soft_prompt_"):
        raise NotFittedError("this SteeredLM has not been trained: call fit(survey, space) first")
    dim = len(lm.soft_prompt_.vectors.mean)
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise SurveyError(f"vectors have shape {vectors.shape}; this steered model takes [n, {dim}]")
    tokens: Tensor = lm.soft_prompt_(torch.as_tensor(vectors, device=lm.model.device), reading.features)
    return tokens
