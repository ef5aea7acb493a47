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

import torch
from torch import Tensor

from personaspace.errors import ModelError
from personaspace.files import write_tensors
from personaspace.steer.answering import new_question
from personaspace.steer.model.prompts import REFUSED, labels_for, open_question, question_prompt
from personaspace.steer.protocols import Persona, Personas, names_and_vectors
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steering import Steering
from personaspace.survey.question import Question


def prompt_embeds(lm: SteeredLM, personas: Personas | Persona, asked: Question | str, reserve: int = 64) -> Tensor:
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
    steering = lm.steering
    points = steering.steerer.points(names_and_vectors(personas)[1])
    if not isinstance(asked, Question):
        return input_embeddings(steering, points, open_question(asked), reserve)
    features = steering.prior_features(points, asked, range(len(asked.options)))
    return input_embeddings(steering, points, question_prompt(asked, lm.refusals), reserve, features)


@torch.no_grad()
def input_embeddings(
    steering: Steering, points: Tensor, text: str, reserve: int = 64, prior_features: Tensor | None = None
) -> Tensor:
    """As :func:`prompt_embeds`, for points ``[n, dim]``, a question as the model reads it, and its prior features."""
    steerer = steering.steerer
    if steerer.attachment.form != "prompt":
        raise ModelError(
            "keys and values of the prefix form cannot be given as input embeddings: steer with form 'prompt'"
        )
    cached = steerer.model.read(text, reserve)
    continuation = steerer.continuation(points, cached, prior_features)
    if not continuation.question:
        return continuation.embeddings
    question = steerer.model.embedding(cached.ids).expand(len(points), -1, -1)
    return torch.cat([question, continuation.embeddings], dim=1)


def wire_format(embeddings: Tensor) -> str:
    """One sequence ``[tokens, width]`` as vLLM takes it: base64 of what ``torch.save`` writes.

    ``torch.save`` writes a zip archive whose index is a pickle. That is vLLM's format; it is only ever sent from here,
    never read.
    """
    buffer = io.BytesIO()
    torch.save(embeddings.detach().cpu().clone(), buffer)  # a view would be saved with everything it is cut from
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def export_embeds(
    lm: SteeredLM, personas: Personas | Persona, text: str, options: Sequence[str], folder: str | Path
) -> Path:
    """Write ``prompt_embeds.safetensors``: one sequence ``[tokens, width]`` a persona, by name, for one question.

    Its metadata name the base model, the question, its outcomes, and the token ids of their labels (``labels``): the
    answer is the softmax of those tokens' logits behind the sequence, divided by ``temperature``.

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
    asked = new_question(text, options) if options else text
    outcomes = [*options, REFUSED] if options and lm.refusals else [*options]
    about = {
        "base_model": lm.model.name,
        "question": text,
        "outcomes": json.dumps(outcomes),
        "labels": json.dumps(lm.model.option_tokens.ids(labels_for(len(outcomes)) if outcomes else ())),
        "temperature": json.dumps(lm.temperature_),
    }
    embeddings = prompt_embeds(lm, personas, asked)
    path = Path(folder) / "prompt_embeds.safetensors"
    write_tensors(path, dict(zip(names_and_vectors(personas)[0], embeddings.cpu(), strict=True)), about)
    return path
