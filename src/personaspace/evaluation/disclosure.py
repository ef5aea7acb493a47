"""Disclosure: what a reader must be told beside every simulated answer, in sentences.

The points follow what survey organisations disclose of a poll (AAPOR Transparency Initiative), with the model in the
place of the interviewer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from personaspace.embedding.base import Embedder
from personaspace.evaluation.sample import Sample
from personaspace.survey.split import Split
from personaspace.survey.split_settings import PROTOCOLS
from personaspace.survey.storage import digest
from personaspace.survey.survey import Survey

NO_MODEL = "No language model"

LIMITS = (
    "Predictions are estimates of a model and not observations: do not report them as people's opinion, decide about a "
    "person by them, or put them in the place of asking where the answer matters. Intervals are over respondents; they "
    "cover neither the choice of questions and seed, nor who took part in the survey, nor how it was worded."
)


def disclosure(
    split: Split,
    embedder: Embedder,
    model: str = NO_MODEL,
    sample: Sample | None = None,
    when: str | None = None,
    others: Mapping[str, Survey] = MappingProxyType({}),
) -> dict[str, str]:
    """Say what was asked, of whom, by which model, on what data, when, by which protocol, and what it is no good for.

    Args:
        split: The survey, and what of it was held out.
        embedder: The embedder, fitted on ``split.train``.
        model: The language model, and how it is steered, in words.
        sample: The answers that were drawn to be measured; ``None`` for all.
        when: When it was made, in words; predictions made today where not given.
        others: Other surveys that were used, by what they were used for, in words.

    Returns:
        Sentences by their heading.

    Example:
        >>> import personaspace as ps
        >>> parts = ps.split(ps.simulate(respondents=60, seed=0), seed=0)
        >>> told = disclosure(
        ...     parts, ps.Factorization(dim=4, seed=0).fit(parts.train), when="Predictions made on 2026-11-28"
        ... )
        >>> list(told)
        ['What was asked', 'Of whom', 'By which model', 'On what data', 'When', 'Protocol', 'Limits']
        >>> print(told["What was asked"])
        51 questions in training and 9 held out, with 2 to 5 options; 2,283 answers and 59 refusals
    """
    survey = split.survey
    return {
        "What was asked": _asked(split),
        "Of whom": _of_whom(split),
        "By which model": f"{embedder.name}, {embedder.dim} dimensions, fitted on training answers. {model}",
        "On what data": f"{'Simulated answers, of nobody real: ' if survey.simulated else ''}{survey.name}, "
        f"sha256 {digest(survey)[:16]}; when people were asked is not in the data{_further(others)}",
        "When": when or f"Predictions made on {date.today().isoformat()}",
        "Protocol": _protocol(split, sample),
        "Limits": LIMITS,
    }


def _further(others: Mapping[str, Survey]) -> str:
    return "".join(
        f". {what}: {other.name}, {len(other.respondents):,} respondents, {len(other.questions):,} questions, "
        f"{len(other.answers):,} answers, sha256 {digest(other)[:16]}"
        for what, other in others.items()
    )


def _asked(split: Split) -> str:
    survey = split.survey
    held_out = len(survey.questions) - len(split.train.questions)
    sizes = [len(question.options) for question in survey.questions if question.scale is None]
    numbers = len(survey.questions) - len(sizes)
    kinds = [f"with {min(sizes)} to {max(sizes)} options"] if sizes else []
    kinds += [f"{numbers} of them answered with a number"] if numbers else []
    return (
        f"{len(split.train.questions):,} questions in training and {held_out:,} held out, {', '.join(kinds)}; "
        f"{len(survey.answers):,} answers and {len(survey.refusals):,} refusals"
    )


def _of_whom(split: Split) -> str:
    survey = split.survey
    unseen = len(survey.respondents) - len(split.train.respondents)
    traits = len(survey.traits.columns)
    return (
        f"{len(split.train.respondents):,} respondents in training and {unseen:,} unseen, "
        f"{_weights(survey)}, {f'{traits} traits' if traits else 'no traits'}"
    )


def _weights(survey: Survey) -> str:
    if len(set(survey.weight.tolist())) < 2:
        return "without survey weights"
    return f"survey weights from {survey.weight.min():.2g} to {survey.weight.max():.2g}"


def _protocol(split: Split, sample: Sample | None) -> str:
    settings = split.settings
    shares = {
        "respondents": settings.unseen_respondents,
        "answers": settings.held_out_answers,
        "questions": settings.held_out_questions,
    }
    held = ", ".join(f"{share:.0%} of {what}" for what, share in shares.items() if share) or "nothing"
    held += f" in whole groups, by {settings.hold_out_by}" if settings.hold_out_by else ""
    held += f" ({PROTOCOLS[settings.protocol].title})" if settings.protocol else ""
    drawn = f"; measured on {sample}" if sample else ""
    return f"Held out before anything was fitted: {held}; seed {settings.seed}{drawn}"
