"""Surveys other than the one everything was made on: read by the ordinary reader, predicted by the same code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from codebooks import BOOKS

from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.evaluation.measures.bootstrap import bootstrap
from personaspace.evaluation.measures.metrics import macro_accuracy
from personaspace.evaluation.measures.number_metrics import r2, rank_correlation
from personaspace.evaluation.rows.baselines import embedder_alone, majority
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.split import split
from personaspace.survey.survey import Survey

SIZES = {
    "fivethirtyeight_nonvoters": (5836, 111, 577_491),
    "gss_panel_2016_2020": (5215, 801, 1_658_634),
    "anes2018_pilot": (2500, 262, 514_681),
}


def read(folder: Path, name: str) -> Survey:
    table, codebook = BOOKS[name]
    return read_survey(folder / name / table, codebook=codebook(folder / name))


@pytest.mark.parametrize("name", SIZES)
def test_a_survey_is_read_with_the_codebook_made_for_it(data_folder: Path, name: str) -> None:
    survey = read(data_folder, name)
    assert (len(survey.respondents), len(survey.questions), len(survey.answers)) == SIZES[name]
    assert all(question.ordinal for question in survey.questions)
    assert (survey.traits.nunique() > 1).all()


def test_thermometers_are_predicted_far_better_than_by_their_means(data_folder: Path) -> None:
    survey = read(data_folder, "anes2018_pilot")
    warm = [j for j, question in enumerate(survey.questions) if question.scale]
    assert (len(warm), int((~np.isnan(survey.answers.value)).sum())) == (23, 56_062)
    parts = split(survey.select(questions=warm), held_out_questions=0)
    space = LightGCN(dim=32, epochs=15).fit(parts.train)
    ours = embedder_alone(space, space.respondents_, parts.held_out_answers)
    mean = majority(parts.train, parts.held_out_answers)
    assert float(r2(mean)) == pytest.approx(0, abs=0.02)
    value, low, high = bootstrap(r2, ours, resamples=200)
    assert 0.3 < low < value < high < 0.9
    assert float(rank_correlation(ours)) > 0.5


def test_a_polis_conversation_is_predicted_no_worse_than_by_the_majority(data_folder: Path) -> None:
    parts = split(read_survey(data_folder / "polis_ccai"), held_out_questions=0)
    space = LightGCN(dim=32, epochs=15).fit(parts.train)
    ours = embedder_alone(space, space.respondents_, parts.held_out_answers)
    assert float(macro_accuracy(ours)) > float(macro_accuracy(majority(parts.train, parts.held_out_answers))) - 0.005
