"""The questions of one OpinionQA wave: info.csv, with the topics of topic_mapping.json."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from personaspace.errors import SurveyError
from personaspace.survey.question import Option, Question, scaled_positions
from personaspace.survey.readers.csv_file import read_csv

REFUSAL = "Refused"
COLUMNS = ("key", "question", "references", "option_ordinal")


def questions_of(path: Path, topics: Mapping[str, Any]) -> tuple[Question, ...]:
    """Read the questions of a wave.

    Args:
        path: The wave's ``info.csv``.
        topics: From ``"TEXT [OPTION/OPTION/Refused]"`` to coarse topics under ``"cg"``.

    Returns:
        The questions in the file's order. Where one key has several wordings (asked of each group about itself),
        the last, which names no group, stands for all, with a warning.

    Raises:
        SurveyError: A column is missing or a list cannot be read.
    """
    info = read_csv(path).fillna("")
    if lacking := [column for column in COLUMNS if column not in info]:
        raise SurveyError(f"{path} lacks the column {lacking[0]!r}: is it OpinionQA's info.csv?")
    reworded = info["key"].duplicated(keep="last")
    for key in info["key"][reworded].unique():
        warnings.warn(f"{path.parent.name}: {key} has several wordings; the last one stands for all", stacklevel=2)
    return tuple(
        _question(path, key, text, _list(path, key, references), _list(path, key, places), topics)
        for key, text, references, places in info.loc[~reworded, list(COLUMNS)].itertuples(index=False)
    )


def _question(
    path: Path, key: str, text: str, references: list[Any], places: list[Any], topics: Mapping[str, Any]
) -> Question:
    texts = [option for option in references if option != REFUSAL]
    if len(places) > len(texts):
        raise SurveyError(f"{path}: {key} has {len(places)} ordinal positions for {len(texts)} options")
    positions = scaled_positions([*places, *[None] * (len(texts) - len(places))])
    coarse = topics.get(f"{text} [{'/'.join(references)}]", {}).get("cg")
    options = tuple(Option(option, place) for option, place in zip(texts, positions, strict=True))
    return Question(key, text, options, coarse[0] if coarse else None)


def _list(path: Path, key: str, text: str) -> list[Any]:
    try:
        parsed = ast.literal_eval(text)
    except (ValueError, SyntaxError) as error:
        raise SurveyError(f"{path}: {key} holds {text[:60]!r} where a list was expected") from error
    if not isinstance(parsed, list):
        raise SurveyError(f"{path}: {key} holds {text[:60]!r} where a list was expected")
    return parsed
