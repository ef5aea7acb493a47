"""What every reader promises, whatever it reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.readers.registry import SOURCES, read_survey, writer_of
from personaspace.survey.simulate import simulate
from personaspace.survey.storage import load_survey, write_survey
from personaspace.survey.survey import Survey
from tests.survey.sources import write_labelled, write_opinionqa, write_polis, write_table


def write_saved(folder: Path) -> Path:
    write_survey(simulate(respondents=20), folder / "saved")
    return folder / "saved"


WRITERS = {
    "labelled": write_labelled,
    "opinionqa": write_opinionqa,
    "polis": write_polis,
    "saved": write_saved,
    "table": write_table,
}
WITHOUT_REFUSALS = {"polis"}
ONLY_READ = {"polis"}


@pytest.fixture(params=[source.name for source in SOURCES])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Something each source understands; a new source needs a writer of its name."""
    return WRITERS[request.param](tmp_path)


@pytest.fixture
def survey(path: Path) -> Survey:
    return read_survey(path)


def test_exactly_one_source_recognizes_it(path: Path) -> None:
    assert sum(source.recognizes(path) for source in SOURCES) == 1


def test_ids_are_text(survey: Survey) -> None:
    assert {type(r) for r in survey.respondents} == {str}
    assert {type(q.id) for q in survey.questions} == {str}
    assert survey.traits.index.tolist() == list(survey.respondents)


def test_positions_lie_between_zero_and_one_and_reach_both(survey: Survey) -> None:
    for question in survey.questions:
        placed = question.positions[~np.isnan(question.positions)]
        assert not len(placed) or (placed.min(), placed.max()) == (0, 1)


def test_refusals_are_kept_and_no_option(path: Path, survey: Survey) -> None:
    (source,) = [source.name for source in SOURCES if source.recognizes(path)]
    assert (len(survey.refusals) > 0) == (source not in WITHOUT_REFUSALS)
    assert not any("refused" in o.text.lower() for q in survey.questions for o in q.options)


def test_weights_have_mean_one(survey: Survey) -> None:
    assert survey.weight.mean() == pytest.approx(1)


def test_reading_twice_is_equal(path: Path, survey: Survey) -> None:
    assert read_survey(path).equals(survey)


def test_written_then_read_is_equal(survey: Survey, tmp_path: Path) -> None:
    write_survey(survey, tmp_path / "again")
    assert load_survey(tmp_path / "again").equals(survey)


def test_a_copy_with_its_blanks_filled_reads_as_the_survey_with_more_answers(
    path: Path, survey: Survey, tmp_path: Path
) -> None:
    codebook = next(path.parent.glob("*.codebook.yaml"), None) if path.is_file() else None
    writer = writer_of(path, codebook, survey)
    (source,) = [source.name for source in SOURCES if source.recognizes(path)]
    assert (writer is None) == (source in ONLY_READ)
    if writer is None:
        return
    frame = survey.to_frame()
    empty = frame.isna().to_numpy()
    empty[survey.refusals.respondent, survey.refusals.question] = False
    blanks = Pairs(*np.nonzero(empty))
    blanks = blanks.where(writer.can_write(blanks))
    assert len(blanks)
    drawn = Answers(blanks.respondent, blanks.question, np.ones(len(blanks), np.int64))
    copy = read_survey(writer.write(drawn, tmp_path / "copy"), codebook=codebook, name=survey.name)
    assert copy.to_frame().equals(survey.with_more_answers(drawn).to_frame())
    assert copy.traits.equals(survey.traits)
