"""Read OpinionQA: waves of Pew's American Trends Panel, joined on the panelist's id."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, TypeAdapter

from personaspace.errors import SurveyError, escaped, first_fault, shown, unknown
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Option, Question, option_type, scaled_positions
from personaspace.survey.readers.coding import MISSING, Coding, answers_and_refusals
from personaspace.survey.readers.columns import mean_one, respondent_ids
from personaspace.survey.readers.csv_file import read_csv
from personaspace.survey.readers.opinionqa.writer import TRAIT_VALUES, OpinionQAWriter
from personaspace.survey.readers.source import Codebook, Source, whole
from personaspace.survey.readers.writer import SourceWriter
from personaspace.survey.survey import Survey

REFUSAL = "Refused"
COLUMNS = ("key", "question", "references", "option_ordinal")
ID = "QKEY"
TRAITS = {
    "CREGION": "region",
    "AGE": "age",
    "SEX": "sex",
    "EDUCATION": "education",
    "CITIZEN": "citizen",
    "MARITAL": "marital status",
    "RELIG": "religion",
    "RELIGATTEND": "religious attendance",
    "POLPARTY": "party",
    "INCOME": "income",
    "POLIDEOLOGY": "ideology",
    "RACE": "race",
}
"""The traits of every wave, and what they are called."""
UNKNOWN_TRAITS = (REFUSAL, "DK/REF")
LONGEST_LIST = 200_000
"""Characters of a list in ``info.csv`` at the most."""

WAVE = re.compile(r"American_Trends_Panel_(W\d+)")


def recognizes(path: Path) -> bool:
    """Whether the path is a folder of waves, the folder above it, or one wave."""
    return bool(_wave_folders(path))


def read_opinionqa(
    path: str | Path,
    codebook: Codebook | None = None,
    name: str | None = None,
    waves: Sequence[str] | None = None,
) -> Survey:
    """Read OpinionQA's waves as one survey.

    Args:
        path: The folder ``human_resp``, the one above it, or a single wave's folder. Waves without
            ``responses.csv`` (or ``.csv.gz``) are skipped.
        codebook: Not allowed: every wave has its own.
        name: How the survey is to be called; names the waves if not given.
        waves: Only these, such as ``["W26", "W49"]``.

    Returns:
        Respondents in order of first appearance; for those in several waves the weight is the mean of the
        waves' weights (each of mean 1), a trait the latest known value. The values of traits stand in the order of the
        waves' ``metadata.csv``, where there is one.

    Raises:
        SurveyError: No wave has responses, or responses do not fit the questions.
        UnknownNameError: A wave asked for is not there.
    """
    if codebook is not None:
        raise SurveyError(f"{path} holds OpinionQA, which has its own codebooks: leave the codebook out")
    chosen = [_read_wave(wave, responses) for wave, responses in _chosen(Path(path), waves).items()]
    respondents = tuple(dict.fromkeys(r for wave in chosen for r in wave.rows.index))
    answers, refusals = answers_and_refusals(_coded(chosen, pd.Index(respondents)))
    return Survey(
        respondents=respondents,
        questions=tuple(question for wave in chosen for question in wave.questions),
        answers=answers,
        traits=_traits(chosen).reindex(respondents),
        weights=_weights(chosen).reindex(respondents).to_numpy(),
        refusals=refusals,
        trait_labels=TRAITS,
        name=name or f"OpinionQA {', '.join(wave.name for wave in chosen)}",
    )


def opinionqa_writer(path: Path, _: Codebook | None, survey: Survey) -> SourceWriter:
    """The writer of waves that were read as this survey."""
    return OpinionQAWriter(list(_chosen(path, None).values()), ID, REFUSAL, survey)


class _Topics(BaseModel):
    """The topics of a question in ``topic_mapping.json``, of which the coarse ones are read."""

    cg: list[str] = []


@dataclass(frozen=True, eq=False)
class _Wave:
    """One wave: its questions, a row per respondent, and the values of its traits in order, where they are known."""

    name: str
    questions: tuple[Question, ...]
    rows: pd.DataFrame
    weights: FloatArray
    values: Mapping[str, Sequence[str]]


def _wave_folders(path: Path) -> dict[str, Path]:
    """Folders of waves by name, oldest first."""
    parent = path / "human_resp" if (path / "human_resp").is_dir() else path
    candidates = [path] if WAVE.fullmatch(path.resolve().name) else parent.glob("*")
    found = {
        match[1]: folder
        for folder in candidates
        if (match := WAVE.fullmatch(folder.resolve().name)) and (folder / "info.csv").is_file()
    }
    return dict(sorted(found.items(), key=lambda item: int(item[0][1:])))


def _chosen(path: Path, waves: Sequence[str] | None) -> dict[str, Path]:
    """The responses of the waves to read."""
    found = _wave_folders(path)
    answered = {wave: file for wave, folder in found.items() for file in _responses(folder)}
    if not answered:
        raise SurveyError(
            f"{path} has the questions of {len(found)} OpinionQA wave(s) but no responses.csv: "
            "put each wave's responses beside its info.csv"
        )
    for wave in waves or ():
        if wave not in answered:
            raise unknown("OpinionQA wave", wave, answered)
    return answered if waves is None else {wave: answered[wave] for wave in answered if wave in waves}


def _responses(folder: Path) -> list[Path]:
    found = [folder / name for name in ("responses.csv", "responses.csv.gz") if (folder / name).is_file()]
    return found[:1]


def _read_wave(wave: str, path: Path) -> _Wave:
    folder = path.resolve().parent
    questions = _questions(folder / "info.csv", _topics(folder.parent / "topic_mapping.json"))
    rows = read_csv(path, dtype="category")
    weight = f"WEIGHT_{wave}"
    needed = [ID, weight, *TRAITS, *(question.id for question in questions)]
    if lacking := [column for column in needed if column not in rows]:
        raise SurveyError(f"{path} lacks {len(lacking)} column(s), first {lacking[0]!r}: restore the file")
    rows = rows.set_axis(respondent_ids(path, rows[ID]), axis=0)
    if not rows.index.is_unique:
        twice = rows.index[rows.index.duplicated()][0]
        raise SurveyError(f"{path}: respondent {shown(twice)} has more than one row: keep one")
    return _Wave(wave, questions, rows, mean_one(rows[weight], rows.index), _values(folder / TRAIT_VALUES))


def _values(path: Path) -> dict[str, list[str]]:
    """The values of each trait in order, as ``metadata.csv`` lists them; none without one."""
    if not path.is_file():
        return {}
    frame = read_csv(path)
    if lacking := {"key", "options"} - set(frame):
        raise SurveyError(f"{path} lacks the column {min(lacking)!r}: restore or remove the file")
    known = frame[frame["key"].isin(TRAITS)]
    return {key: _list(path, key, text, (str,)) for key, text in zip(known["key"], known["options"], strict=True)}


def _questions(path: Path, topics: Mapping[str, _Topics]) -> tuple[Question, ...]:
    """The questions of a wave, in the order of its ``info.csv``.

    Where one key has several wordings (asked of each group about itself), the last, which names no group, stands for
    all, with a warning. Topics are looked up as ``"TEXT [OPTION/OPTION/Refused]"``, the coarse ones under ``"cg"``.
    """
    info = read_csv(path).fillna("")
    if lacking := [column for column in COLUMNS if column not in info]:
        raise SurveyError(f"{path} lacks the column {lacking[0]!r}: is it OpinionQA's info.csv?")
    reworded = info["key"].duplicated(keep="last")
    for key in info["key"][reworded].unique():
        warnings.warn(
            f"{path.parent.name}: {escaped(key, most=60)} has several wordings; the last one stands for all",
            stacklevel=2,
        )
    return tuple(
        _question(path, key, text, _list(path, key, references, (str,)), _list(path, key, places, (int, float)), topics)
        for key, text, references, places in info.loc[~reworded, list(COLUMNS)].itertuples(index=False)
    )


def _question(
    path: Path, key: str, text: str, references: list[str], places: list[float], topics: Mapping[str, _Topics]
) -> Question:
    texts = [option for option in references if option != REFUSAL]
    if len(places) > len(texts):
        raise SurveyError(
            f"{path}: {escaped(key, most=60)} has {len(places)} ordinal positions for {len(texts)} options"
        )
    positions = scaled_positions([*places, *[None] * (len(texts) - len(places))])
    known = topics.get(f"{text} [{'/'.join(references)}]")
    options = tuple(Option(option, place) for option, place in zip(texts, positions, strict=True))
    return Question(key, text, options, known.cg[0] if known and known.cg else None)


def _list(path: Path, key: str, text: str, kinds: tuple[type, ...]) -> list[Any]:
    """A list of texts or finite numbers, as Python writes it."""
    try:
        parsed = ast.literal_eval(text) if len(text) <= LONGEST_LIST else None
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        parsed = None
    if not isinstance(parsed, list) or not all(type(entry) in kinds for entry in parsed):
        of = "texts" if str in kinds else "numbers"
        raise SurveyError(f"{path}: {shown(key)} holds {shown(text)} where a list of {of} was expected")
    if not all(abs(entry) < np.inf for entry in parsed if str not in kinds):
        raise SurveyError(f"{path}: {shown(key)} holds {shown(text)}: positions are finite")
    return parsed


def _topics(path: Path) -> dict[str, _Topics]:
    if not path.is_file():
        return {}
    try:
        return TypeAdapter(dict[str, _Topics]).validate_python(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        raise SurveyError(f"{path} does not hold topics, {first_fault(error)}; restore or remove it") from error


def _coded(waves: list[_Wave], respondents: pd.Index) -> npt.NDArray[np.signedinteger]:
    questions = [question for wave in waves for question in wave.questions]
    coded = np.full((len(respondents), len(questions)), MISSING, dtype=option_type(questions))
    column = 0
    for wave in waves:
        rows = respondents.get_indexer(wave.rows.index)
        for question in wave.questions:
            coding = Coding.of(question, refusals=[REFUSAL])
            coded[rows, column] = coding.encode(wave.rows[question.id])
            column += 1
    return coded


def _weights(waves: list[_Wave]) -> pd.Series:
    every = pd.concat([pd.Series(wave.weights, index=wave.rows.index) for wave in waves])
    mean = every.groupby(level=0).mean()
    return mean / mean.mean()


def _traits(waves: list[_Wave]) -> pd.DataFrame:
    known = [wave.rows[list(TRAITS)].astype("str") for wave in waves]
    traits = pd.concat([frame.mask(frame.isin(UNKNOWN_TRAITS)) for frame in known]).groupby(level=0).last()
    for trait, column in traits.items():
        if listed := [value for wave in waves for value in wave.values.get(str(trait), ())]:
            present = set(column.dropna())
            order = dict.fromkeys([*listed, *sorted(present)])
            traits[trait] = pd.Categorical(column, [value for value in order if value in present], ordered=True)
    return traits


SOURCE = Source(
    "opinionqa",
    "a folder of OpinionQA (human_resp/American_Trends_Panel_Wnn with info.csv and responses.csv)",
    recognizes,
    whole(read_opinionqa),
    opinionqa_writer,
)
