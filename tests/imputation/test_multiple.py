"""Draws are as dispersed as people are: shares, spread and what hangs together survive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from personaspace.embedding.base import Embedder
from personaspace.embedding.registry import make_embedder
from personaspace.errors import SettingError, SurveyError, UnknownNameError
from personaspace.imputation.multiple import blank_cells, impute
from personaspace.imputation.rubin import pool
from personaspace.not_fitted import NotFittedError
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.arrays import IntArray
from personaspace.survey.option_sums import option_shares, repeat_options, sum_options
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate
from personaspace.survey.survey import Survey
from tests.survey.filtered import planted

SETTINGS: dict[str, dict[str, Any]] = {
    "lightgcn": {"dim": 16, "epochs": 20},
    "factorization": {"dim": 4, "loss": "cross-entropy"},
}


def table(survey: Survey) -> IntArray:
    cells = np.full((len(survey.respondents), len(survey.questions)), -1)
    cells[survey.answers.respondent, survey.answers.question] = survey.answers.option
    return cells


def hidden(survey: Survey, share: float, seed: int = 0) -> Survey:
    return survey.with_answers(np.random.default_rng(seed).random(len(survey.answers)) >= share)


def polarised(respondents: int = 800) -> Survey:
    """Two camps that agree on nothing, 16 yes-or-no questions, each half of a respondent's answers."""
    rng = np.random.default_rng(0)
    camp = rng.random(respondents) < 0.5
    questions = tuple(Question(f"q{j}", "Yes?", (Option("no", 0.0), Option("yes", 1.0))) for j in range(16))
    says = rng.random((respondents, 16)) < np.where(camp, 0.85, 0.15)[:, None]
    rows, columns = np.nonzero(np.ones_like(says))
    return Survey(
        tuple(map(str, range(respondents))), questions, Answers(rows, columns, says[rows, columns].astype(int))
    )


@pytest.fixture(scope="module", params=SETTINGS)
def case(request: pytest.FixtureRequest) -> Iterator[tuple[Survey, Survey, Embedder]]:
    """A simulated survey, the same with a third of its answers hidden, an embedder fitted on what is left."""
    full = simulate(1000, seed=3)
    known = hidden(full, 1 / 3)
    yield full, known, make_embedder(request.param, **SETTINGS[request.param]).fit(known)


def hidden_cells(full: Survey, known: Survey) -> Pairs:
    return Pairs(*np.nonzero((table(full) >= 0) & (table(known) < 0)))


def test_intervals_of_shares_cover_what_was_hidden(case: tuple[Survey, Survey, Embedder]) -> None:
    full, known, embedder = case
    imputation = impute(embedder, known, hidden_cells(full, known), draws=10, seed=1)
    answered = repeat_options(np.maximum(sum_options(full.option_counts(), full.offsets), 1), full.offsets)
    pooled = pool(np.array([imputation.survey_of(draw).option_counts() / answered for draw in range(10)]))
    truth = full.option_counts() / answered
    covered = (pooled.low <= truth) & (truth <= pooled.high)
    assert 0.88 < covered.mean() <= 1
    assert np.abs(pooled.estimate - truth).mean() < 0.01


def test_draws_differ_as_people_do_and_modes_do_not(case: tuple[Survey, Survey, Embedder]) -> None:
    full, known, embedder = case
    cells = hidden_cells(full, known)
    offsets = full.offsets[cells.question]

    def diversity(options: IntArray) -> float:
        """How often two people's answers to a question differ (Gini-Simpson), summed over questions."""
        counts = np.bincount(offsets + options, minlength=int(full.offsets[-1]))
        shares = option_shares(counts, full.offsets)
        return float(len(full.questions) - (shares**2).sum())

    truth = table(full)[cells.respondent, cells.question]
    probabilities = embedder.predict(embedder.embed(known))
    modes = np.array([probabilities[r, full.offsets[j] : full.offsets[j + 1]].argmax()
                      for r, j in zip(cells.respondent, cells.question, strict=True)])  # fmt: skip
    drawn = impute(embedder, known, cells, draws=1).options[0]
    assert diversity(drawn) / diversity(truth) == pytest.approx(1, abs=0.02)
    assert diversity(modes) / diversity(truth) < 0.9


def test_answers_drawn_for_one_respondent_hang_together() -> None:
    """Of people who answered nothing, camps appear in the draws; drawn one by one they would not."""
    full = polarised()
    embedder = make_embedder("factorization", dim=2, loss="cross-entropy").fit(full)
    nobody = replace(full, answers=Answers.empty())
    drawn = table(impute(embedder, nobody, draws=1).survey_of(0))
    alone = embedder.predict(embedder.embed(nobody))[:, 1::2]
    assert np.allclose(alone, alone[0])
    above = np.triu_indices(16, 1)
    true, found = (np.asarray(np.corrcoef(cells.T))[above].mean() for cells in (table(full), drawn))
    assert true == pytest.approx(0.49, abs=0.05)
    assert found > 0.25


def test_refusals_and_answers_stay_and_the_same_seed_gives_the_same() -> None:
    survey = simulate(120)
    embedder = make_embedder("factorization", dim=2).fit(survey)
    first, again, other = (impute(embedder, survey, draws=2, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.options, again.options)
    assert (first.options != other.options).any()
    assert (first.options[0] != first.options[1]).any()
    filled = first.survey_of(1)
    assert filled.refusals.equals(survey.refusals)
    assert filled.with_answers(np.arange(len(survey.answers))).equals(survey)
    rows = first.table()
    assert len(rows) == 2 * len(first.blanks)
    assert set(rows["draw"]) == {1, 2}


def test_numbers_are_among_those_people_gave() -> None:
    police = Question.number("police", "The police?", 0, 100)
    warm = Question("warm", "Warm?", (Option("no", 0.0), Option("yes", 1.0)))
    rng = np.random.default_rng(0)
    given = rng.choice([0.0, 15.0, 50.0, 85.0, 97.0], 200)
    answers = Answers(np.r_[:200, :200], np.repeat([0, 1], 200),
                      np.r_[police.scale.nearest(given), given > 40], np.r_[given, np.full(200, np.nan)])  # type: ignore[union-attr]  # fmt: skip
    full = Survey(tuple(map(str, range(200))), (police, warm), answers)
    known = full.with_answers(np.arange(400) >= 50)
    imputation = impute(make_embedder("lightgcn", dim=4, epochs=10).fit(known), known)
    assert np.isin(imputation.values, given[50:]).mean() > 0.9
    assert imputation.survey_of(0).answers.numeric
    assert "value" in imputation.table()


def test_who_was_not_asked_because_of_an_answer_is_left_blank() -> None:
    survey = planted()
    embedder = make_embedder("factorization", dim=2).fit(survey)
    kept = impute(embedder, survey, draws=1)
    assert [*kept.filtered] == ["why", "how", "quit"]
    cells, completed = table(survey), table(kept.survey_of(0))
    asked = np.isin(cells[:, 0], [0, 1])
    assert (completed[~asked, 1] == cells[~asked, 1]).all()
    assert (completed[cells[:, 0] == 2, 1] == -1).all()
    blank = asked & (cells[:, 1] == -1)
    blank[survey.refusals.respondent[survey.refusals.question == 1]] = False
    assert blank.any() and (completed[blank, 1] >= 0).all()
    everything = impute(embedder, survey, draws=1, fill_filtered=True)
    assert not everything.filtered
    assert len(everything.blanks) == survey_cells(survey) > 2 * len(kept.blanks)


def survey_cells(survey: Survey) -> int:
    return len(survey.respondents) * len(survey.questions) - len(survey.answers) - len(survey.refusals)


def test_bad_input() -> None:
    survey = simulate(60)
    embedder = make_embedder("factorization", dim=2).fit(survey)
    with pytest.raises(SettingError, match="draws is 0"):
        impute(embedder, survey, draws=0)
    answered = Pairs(survey.answers.respondent[:1], survey.answers.question[:1])
    with pytest.raises(SurveyError, match="holds an answer already"):
        impute(embedder, survey, answered)
    empty = blank_cells(survey.with_answers(np.arange(len(survey.answers) - 9))).where(np.array([0, 0]))
    with pytest.raises(SurveyError, match="is given more than once"):
        impute(embedder, survey, empty)
    with pytest.raises(SurveyError, match="lies outside the 60 respondents and 60 questions"):
        impute(embedder, survey, Pairs(np.array([60]), np.array([0])))
    with pytest.raises(NotFittedError, match="call fit"):
        impute(make_embedder("lightgcn"), survey)
    with pytest.raises(SurveyError, match="nothing to fill"):
        impute(embedder, impute(embedder, survey, draws=1).survey_of(0))
    with pytest.raises(UnknownNameError, match="unknown question"):
        blank_cells(survey, ["nowhere"])
    for questions, said in (([], "is empty"), (["work_1", "work_1"], "more than once"), ("work_1", "a list of ids")):
        with pytest.raises(SettingError, match=said):
            blank_cells(survey, questions)
    stranger = Survey(("ann",), (Question("z", "?", (Option("a"), Option("b"))),), Answers.empty())
    with pytest.raises(UnknownNameError, match="unknown question 'z'"):
        impute(embedder, stranger)


def test_no_option_gains_or_loses_where_few_questions_place_a_respondent() -> None:
    """Eight questions, cells blanked at random: shares imputed are those given, the middle option's too."""
    found = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        probabilities = np.array([[0.75, 0.2, 0.05], [0.05, 0.2, 0.75]])[rng.integers(2, size=400)]
        said = (rng.random((400, 8, 1)) > probabilities.cumsum(axis=1)[:, None]).sum(axis=2)
        rows, columns = np.nonzero(rng.random(said.shape) < 0.7)
        options = (Option("no", 0.0), Option("unsure", 0.5), Option("yes", 1.0))
        questions = tuple(Question(f"q{j}", "Yes?", options) for j in range(8))
        known = Survey(tuple(map(str, range(400))), questions, Answers(rows, columns, said[rows, columns]))
        drawn = impute(make_embedder("lightgcn", seed=seed).fit(known), known, draws=5, seed=seed)
        found.append([(drawn.options == 1).mean(), (known.answers.option == 1).mean()])
    imputed, given = np.mean(found, axis=0)
    assert imputed == pytest.approx(given, abs=0.01)


def test_more_options_than_16_bits_count_are_drawn() -> None:
    """Towns that most people chose lie beyond 32,767, where 16 bits would wrap to another town in silence."""
    town = Question("town", "Where?", tuple(Option(f"town {n}") for n in range(40_000)))
    rows = np.arange(20)
    survey = Survey(tuple(map(str, rows)), (town,), Answers(rows[:16], 0 * rows[:16], np.repeat([39_999, 39_998], 8)))
    embedder = make_embedder("lightgcn", dim=2, epochs=1).fit(survey)
    chosen = impute(embedder, survey, draws=2).options
    assert (chosen >= 0).all()
    assert (chosen > 32_767).any()
