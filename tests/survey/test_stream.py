from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from personaspace.errors import RunError
from personaspace.survey.simulate import simulate
from personaspace.survey.storage import load_survey, write_survey
from personaspace.survey.stream import Block, SurveyBlocks, SurveyStream, open_survey
from personaspace.survey.survey import Survey

SURVEY = simulate(respondents=60, seed=3)


def stored(folder: Path, rows: int, survey: Survey = SURVEY) -> Path:
    """A saved survey whose answers are cut into row groups of so many rows."""
    write_survey(survey, folder)
    pq.write_table(pq.read_table(folder / "answers.parquet"), folder / "answers.parquet", row_group_size=rows)
    return folder


@pytest.mark.parametrize("rows", [7, 40, 500, 10**6])
def test_the_blocks_make_up_the_survey_wherever_row_groups_end(tmp_path: Path, rows: int) -> None:
    stream = open_survey(stored(tmp_path, rows))
    seen = 0
    for block in stream.blocks():
        part = SURVEY.select(np.arange(seen, seen + len(block.respondents)))
        assert block.respondents == part.respondents
        assert block.answers.equals(part.answers)
        assert block.refusals.equals(part.refusals)
        np.testing.assert_array_equal(block.weight, part.weight)
        seen += len(block.respondents)
    assert seen == len(SURVEY.respondents)
    assert (stream.questions, stream.name, stream.simulated) == (SURVEY.questions, SURVEY.name, True)


def test_those_without_answers_are_in_a_block_too(tmp_path: Path) -> None:
    answered = np.isin(SURVEY.answers.respondent, [0, 3, 58, 59], invert=True)
    stream = SurveyStream(stored(tmp_path, 50, SURVEY.with_answers(answered)))
    assert sum((block.respondents for block in stream.blocks()), ()) == SURVEY.respondents


def test_blocks_come_in_the_order_asked_for(tmp_path: Path) -> None:
    stream = SurveyStream(stored(tmp_path, 200))
    forward = [block.respondents for block in stream.blocks()]
    assert [block.respondents for block in stream.blocks(range(len(stream))[::-1])] == forward[::-1]


@pytest.mark.parametrize("rows", [300, 10**6])
def test_answers_in_another_order_are_refused_with_the_way_out(tmp_path: Path, rows: int) -> None:
    shuffled = SURVEY.with_answers(np.random.default_rng(0).permutation(len(SURVEY.answers)))
    with pytest.raises(RunError, match=r"not sorted by respondent.*argsort\(kind='stable'\)"):
        list(SurveyStream(stored(tmp_path, rows, shuffled)).blocks())
    loaded = load_survey(tmp_path)
    write_survey(loaded.with_answers(loaded.answers.respondent.argsort(kind="stable")), tmp_path)
    assert len(list(SurveyStream(tmp_path).blocks())) == 1


def fewer_respondents(folder: Path) -> None:
    write_survey(SURVEY.select(np.arange(3)), folder / "few")
    (folder / "few" / "respondents.parquet").replace(folder / "respondents.parquet")


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "answers.parquet").unlink(),
        lambda folder: (folder / "respondents.parquet").write_bytes(b"PAR1"),
        fewer_respondents,
        lambda folder: (folder / "questions.json").write_text("{}"),
    ],
)
def test_a_damaged_survey_is_named(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    damage(stored(tmp_path, 500))
    with pytest.raises(RunError, match=r"write it again|write the survey again|make it again"):
        SurveyStream(tmp_path)


def test_random_blocks_are_the_survey_in_another_order() -> None:
    blocks = SurveyBlocks(SURVEY, 25)
    assert [len(block) for block in blocks.blocks()] == [20, 20, 20]
    assert sorted(blocks.respondents) == sorted(SURVEY.respondents)
    for number, block in enumerate(blocks.blocks()):
        expected = SURVEY.select(blocks.order[20 * number : 20 * number + 20])
        assert block.respondents == expected.respondents
        assert block.to_frame().equals(expected.to_frame())
        np.testing.assert_array_equal(block.weight, expected.weight)
    assert [b.respondents for b in blocks.blocks([2, 0])] == [blocks.respondents[40:], blocks.respondents[:20]]


def test_a_block_may_weigh_nothing_but_not_the_whole(tmp_path: Path) -> None:
    part = SURVEY.select(range(5))
    assert not Block(part.respondents, part.questions, part.answers, weights=np.zeros(5)).weight.any()
    people = pd.read_parquet(stored(tmp_path, 500) / "respondents.parquet")
    people.assign(weight=0.0).to_parquet(tmp_path / "respondents.parquet")
    with pytest.raises(RunError, match="all weights are 0"):
        SurveyStream(tmp_path)
