"""Vectors that do not know the answer they are to predict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from personaspace.newquestions.cross_fitting import FOLDS, cross_fitted_vectors
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.survey import Survey
from tests.newquestions.asked import ASKED


class Recorder:
    """An embedder that records the answers it is shown, and counts how often it was called."""

    def __init__(self) -> None:
        self.shown: list[Survey] = []

    def embed(self, survey: Survey) -> Vectors:
        self.shown.append(survey)
        return np.full((len(survey.respondents), 1), len(self.shown) - 1, np.float32)


def test_no_vector_knows_an_answer_it_is_to_predict() -> None:
    rng = np.random.default_rng(0)
    cells = rng.permutation(30 * 25)[:500]
    survey = Survey(
        tuple(f"r{i}" for i in range(30)),
        tuple(replace(ASKED[0], id=f"q{j}") for j in range(25)),
        Answers(cells // 25, cells % 25, rng.integers(0, 3, 500)),
    )
    recorder, known = Recorder(), rng.random(500) < 0.9
    points = cross_fitted_vectors(survey, recorder, known, seed=0)
    rows = points.rows(survey.answers.respondent, survey.answers.question)
    tables = points.vectors[torch.from_numpy(rows), 0].numpy().astype(int)
    assert len(recorder.shown) == FOLDS
    for fold, shown in enumerate(recorder.shown):
        predicted = {tuple(pair) for pair in cells_of(survey)[tables == fold]}
        seen = {tuple(pair) for pair in cells_of(shown)}
        assert not predicted & seen
        assert seen <= {tuple(pair) for pair in cells_of(survey)[known]}
    few = [np.bincount(shown.answers.respondent, minlength=30) for shown in recorder.shown]
    whole = np.bincount(survey.answers.respondent[known], minlength=30)
    left = np.array(few) / whole
    assert 0.1 < (left < 0.5).mean() < 0.4


def cells_of(survey: Survey) -> FloatArray:
    return np.stack([survey.answers.respondent, survey.answers.question], axis=1)
