"""Questions are ranked as a hand count says, and what was planted comes first; imputed answers are marked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from personaspace.errors import SurveyError
from personaspace.persona.personas import Personas
from personaspace.profiles.questions import distinguishing_questions, separating_questions
from personaspace.survey.answers import Answers
from personaspace.survey.question import Question
from tests.persona.planted import Planted

from .drawn import drawn
from .tea import persona, small


def test_distinguishing_questions_by_hand() -> None:
    table = distinguishing_questions(*small(), min_answers=1)
    first = table[table["persona"] == "drinkers"]
    assert first["question"].tolist() == ["tea", "music"]
    assert first["rank"].tolist() == [1, 2]
    assert first["tv"].tolist() == pytest.approx([1 / 3, 1 / 4 - 1 / 6])
    assert first["option"].tolist() == ["yes", "much"]
    assert first["share"].tolist() == pytest.approx([1, 1 / 4])
    assert first["population_share"].tolist() == pytest.approx([4 / 6, 1 / 6])
    assert first["respondents"].tolist() == [2, 2]
    assert set(first["answers"]) == {"given"}
    assert table["adjusted_p"].between(0, 1).all()


def test_separating_questions_by_hand() -> None:
    personas, survey = small()
    table = separating_questions(Personas([*personas, persona("mixed", "ac")]), survey, min_answers=1)
    assert table["question"].tolist() == ["tea", "music"]
    assert table["mean_tv"].tolist() == pytest.approx([(1 + 1 / 2 + 1 / 2) / 3, (1 / 4 + 1 / 4 + 1 / 2) / 3])
    assert table["pairs"].tolist() == [3, 3]
    assert table["rank"].tolist() == [1, 2]
    assert table["rank_in_topic"].tolist() == [1, 1]


def test_questions_with_few_answers_are_left_out() -> None:
    personas, survey = small()
    fewer = survey.with_answers(np.array([True] * 6 + [False, False]))
    assert distinguishing_questions(personas, fewer, 2)["question"].tolist() == ["tea", "music", "tea"]
    assert separating_questions(personas, fewer, 2)["question"].tolist() == ["tea"]
    assert distinguishing_questions(personas, survey).empty
    assert separating_questions(personas, survey).empty


def test_ranks_within_topics_follow_the_overall_order(planted: Planted, four: Personas) -> None:
    table = separating_questions(four, planted.survey)
    assert table["low"].is_monotonic_decreasing
    assert len(table) == 40
    for _, topic in table.groupby("topic"):
        assert topic["rank_in_topic"].tolist() == list(range(1, len(topic) + 1))


def test_the_questions_that_were_planted_apart_come_first(planted: Planted, four: Personas) -> None:
    chances = planted.embedder.predict(2 * np.eye(4, dtype=np.float32)).reshape(4, -1, 3)
    pairs = [np.abs(chances[a] - chances[b]).sum(axis=1) / 2 for a in range(4) for b in range(a)]
    planted_apart = np.argsort(-np.mean(pairs, axis=0))[:10]
    table = separating_questions(four, planted.survey)
    found = {int(name[1:]) for name in table["question"][:10]}
    assert len(found & set(planted_apart.tolist())) >= 8


def test_imputed_shares_are_weighted_means_of_predictions(planted: Planted, four: Personas) -> None:
    embedder, survey, _ = planted
    table = distinguishing_questions(four, survey, embedder=embedder)
    chances = embedder.predict(embedder.respondents_).astype(np.float64)
    population = np.average(chances, axis=0, weights=survey.weight)
    rows = [survey.respondent_index[name] for name in four["cluster-2"].members]
    own = np.average(chances[rows], axis=0, weights=survey.weight[rows])
    tv = np.abs(own - population).reshape(-1, 3).sum(axis=1) / 2
    mine = table[table["persona"] == "cluster-2"].set_index("question")
    np.testing.assert_allclose(mine.loc[[f"q{j}" for j in range(40)], "tv"], tv, atol=1e-6)
    assert mine["rank"].tolist() == list(range(1, 41))
    assert mine["tv"].is_monotonic_decreasing
    assert set(table["answers"]) == {"imputed"}
    assert table["low"].isna().all()


def test_questions_nobody_was_asked_can_be_compared_and_kinds_never_mix(planted: Planted, four: Personas) -> None:
    embedder, survey, _ = planted
    some = survey.with_answers(survey.answers.question != 3)
    assert "q3" not in set(separating_questions(four, some)["question"])
    imputed = separating_questions(four, some, embedder=embedder)
    assert "q3" in set(imputed["question"])
    assert set(imputed["answers"]) == {"imputed"}
    assert set(separating_questions(four, some)["answers"]) == {"given"}
    assert (imputed["pairs"] == 6).all()


def test_strangers_cannot_be_imputed(planted: Planted, four: Personas) -> None:
    strangers = replace(planted.survey, respondents=tuple(f"x{i}" for i in range(300)))
    with pytest.raises(SurveyError, match="fitted on no respondent"):
        distinguishing_questions(four, strangers, embedder=planted.embedder)


def test_questions_called_different_among_planted_ones_are_seldom_wrong() -> None:
    """Half the questions are answered alike by everybody; of those called different few may be among them."""
    alike, apart = np.array([[0.3, 0.3, 0.4]] * 3), np.array([[0.6, 0.2, 0.2], [0.2, 0.4, 0.4], [0.2, 0.4, 0.4]])
    called, wrong = 0, 0
    for seed in range(10):
        personas, one = drawn(alike, 300, seed, questions=20)
        two = drawn(apart, 300, 100 + seed, questions=20)[1]
        option = np.concatenate([one.answers.option, two.answers.option])
        row, column = (np.concatenate([part, part]) for part in (one.answers.respondent, one.answers.question))
        column[len(one.answers) :] += 20
        questions = tuple(Question(f"q{j}", f"Question {j}", one.questions[0].options) for j in range(40))
        both = replace(one, questions=questions, answers=Answers(row, column, option))
        table = distinguishing_questions(personas, both).query("adjusted_p <= 0.05")
        called, wrong = called + len(table), wrong + int((table["question"].str[1:].astype(int) < 20).sum())
    assert called > 0.7 * 10 * 20 * 3
    assert wrong / called < 0.05
