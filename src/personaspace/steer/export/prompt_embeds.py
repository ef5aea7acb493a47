"""Export of a question to personas as input embeddings, for any server that reads them (prompt form).

Virtual tokens placed after the question, or made from it, exist for one question only. They are exported with it as one
sequence of input embeddings: question, virtual tokens and cue, in the order of the placement.
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
from personaspace.newquestions.points import PersonasLike, names_and_vectors
from personaspace.steer.model.prompts import REFUSED, labels_for, open_question, question_prompt
from personaspace.steer.soft_prompts.informed import prior_features
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steering import Steering
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question, new_question


def prompt_embeds(lm: SteeredLM, personas: PersonasLike, asked: Question | str, reserve: int = 64) -> Tensor:
    """Input embeddings of one question for every persona: all that a model steered in prompt form reads.

    Where a model scales its embeddings (Gemma) they are scaled, as ``inputs_embeds`` of ``transformers`` and
    ``prompt_embeds`` of vLLM expect.

    Args:
        lm: A trained model in prompt form, of either placement.
        personas: Personas, one persona, or a list of them.
        asked: A question with options, or the text of an open question.
        reserve: Tokens that must still fit after it.

    Returns:
        Shape ``[personas, tokens, width]``: question, virtual tokens and cue, in the order of the placement.

    Raises:
        ModelError: The model is steered in prefix form, or the question does not fit its context.
    """
    steering = lm.steering
    points = steering.steerer.points(names_and_vectors(personas)[1])
    if not isinstance(asked, Question):
        return input_embeddings(steering, points, open_question(asked), reserve)
    weights = steering.option_weights(asked)
    features = None if weights is None else prior_features(weights, points)
    return input_embeddings(steering, points, question_prompt(asked, lm.refusals), reserve, features)


@torch.no_grad()
def input_embeddings(
    steering: Steering, points: Tensor, text: str, reserve: int = 64, prior_features: Tensor | None = None
) -> Tensor:
    """Input embeddings as :func:`prompt_embeds` returns them, for points, a prompt and prior features.

    Args:
        steering: The trained steerer and its settings.
        points: Shape ``[n, dim]``.
        text: The question up to the answer cue.
        reserve: Tokens that must still fit after it.
        prior_features: Shape ``[n, 53]``, for an informed soft-prompting model.

    Raises:
        ModelError: The model is steered in prefix form, or the question does not fit its context.
    """
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
    """Encode one sequence ``[tokens, width]`` for vLLM: base64 of a file that ``torch.save`` writes.

    ``torch.save`` writes a zip archive whose index is a pickle. That is vLLM's format; it is sent here and never read.
    """
    buffer = io.BytesIO()
    torch.save(embeddings.detach().cpu().clone(), buffer)  # a view would be saved with everything it is cut from
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def export_embeds(lm: SteeredLM, personas: PersonasLike, text: str, options: Sequence[str], folder: str | Path) -> Path:
    """Write ``prompt_embeds.safetensors``: one sequence ``[tokens, width]`` per persona, by name, for one question.

    Its metadata name the base model, the question, its outcomes, and the token ids of their labels (``labels``): the
    answer is the softmax of (p + ``share`` x l) / ``temperature``, with l those tokens' logits after the sequence and p
    the persona's row of ``log_prior``.

    Args:
        lm: A trained model in prompt form.
        personas: Personas, one persona, or a list of them.
        text: The question.
        options: Its options; none for an open question.
        folder: Holds the file.

    Returns:
        The file.

    Raises:
        ModelError: The model is steered in prefix form, or the question does not fit its context.
    """
    asked = new_question(text, options) if options else text
    outcomes = [*options, REFUSED] if options and lm.refusals else [*options]
    names, vectors = names_and_vectors(personas)
    share, prior = _starts(lm.steering, vectors, asked, len(outcomes)) if isinstance(asked, Question) else (1.0, [])
    about = {
        "base_model": lm.model.name,
        "question": text,
        "outcomes": json.dumps(outcomes),
        "labels": json.dumps(lm.model.option_tokens.ids(labels_for(len(outcomes)) if outcomes else ())),
        "temperature": json.dumps(lm.temperature_),
        "share": json.dumps(share),
        "log_prior": json.dumps(dict(zip(names, prior, strict=False))),
    }
    embeddings = prompt_embeds(lm, personas, asked)
    path = Path(folder) / "prompt_embeds.safetensors"
    write_tensors(path, dict(zip(names, embeddings.cpu(), strict=True)), about)
    return path


@torch.no_grad()
def _starts(steering: Steering, vectors: Vectors, asked: Question, outcomes: int) -> tuple[float, list[list[float]]]:
    """The share of the base model's logits in the answers, and what is added to it for every point and outcome."""
    points, weights = steering.steerer.points(vectors), steering.option_weights(asked)
    features = None if weights is None else prior_features(weights, points)
    zero, one = (
        steering.steerer.soft_prompt.added(points.new_full((len(points), outcomes), logit), features)
        for logit in (0.0, 1.0)
    )
    return float((one - zero)[0, 0]), zero.tolist()
