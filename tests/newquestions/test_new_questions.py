"""New questions: evidence in any order, known questions, people who are new, and input that is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest

import personaspace as ps
from personaspace.embedding.base import Embedder
from personaspace.errors import PersonaSpaceError
from personaspace.newquestions.new_question import NewQuestion
from personaspace.newquestions.new_questions import NewQuestions
from personaspace.newquestions.poll import Poll
from personaspace.survey.answers import Pairs
from personaspace.survey.arrays import FloatArray
from personaspace.survey.survey import Survey

OPTIONS = ["Yes", "No", "Not sure"]
TABLE = pd.DataFrame(
    [[20, 70, 10], [60, 30, 10]],
    index=pd.MultiIndex.from_tuples([("region", "North"), ("region", "South")]),
    columns=OPTIONS,
)


@pytest.fixture(scope="module")
def survey() -> Survey:
    simulated = ps.simulate(respondents=300, seed=0)
    region = np.where(np.arange(300) % 3 == 0, "North", "South")
    weights = np.random.default_rng(0).uniform(0.5, 2, 300)
    return replace(simulated, traits=pd.DataFrame({"region": region}, simulated.respondents), weights=weights)


@pytest.fixture(scope="module")
def space(survey: Survey) -> Embedder:
    return ps.Factorization(dim=8, seed=0).fit(survey)


@pytest.fixture(scope="module")
def new(space: Embedder, survey: Survey) -> NewQuestions:
    return NewQuestions(space, survey)


@pytest.fixture
def asked(new: NewQuestions) -> NewQuestion:
    return new.ask("Should trains be free of charge?", OPTIONS)


def people(survey: Survey, options: str = "YN") -> dict[str, object]:
    words = {"Y": "Yes", "N": "No", "?": "Not sure"}
    return {survey.respondents[place]: words[letter] for place, letter in enumerate(options)}


def test_evidence_in_any_order_gives_the_same(asked: NewQuestion, survey: Survey) -> None:
    steps: list[Callable[[NewQuestion], NewQuestion]] = [
        lambda at: at.pilot(people(survey, "YNYY?")),
        lambda at: at.pilot({survey.respondents[9]: "No"}),
        lambda at: at.topline({"Yes": 38, "No": 55, "Not sure": 7}, n=500),
        lambda at: at.crosstab(TABLE, n=800),
    ]
    found = []
    for order in permutations(steps):
        at = asked
        for step in order:
            at = step(at)
        found.append(at.predict(asked.people.embedder.respondents_).probabilities.to_numpy())
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_answers_make_it_surer_and_move_everybody(asked: NewQuestion, survey: Survey) -> None:
    sure, before = width(asked.everybody()), asked.everybody().probabilities["Yes"].iloc[0]
    at = asked
    for count in (5, 20, 80):
        at = at.pilot(people(survey, "Y" * count))
        less = width(at.everybody())
        assert less < sure
        sure = less
    assert at.everybody().probabilities["Yes"].iloc[0] > max(before, 0.6)


def width(poll: Poll) -> float:
    assert poll.low is not None
    assert poll.high is not None
    assert (poll.low <= poll.probabilities).all(axis=None)
    assert (poll.probabilities <= poll.high).all(axis=None)
    return float((poll.high - poll.low).to_numpy().max())


def test_an_answer_given_twice_counts_once(asked: NewQuestion, survey: Survey) -> None:
    once = asked.pilot(people(survey))
    twice = once.pilot(people(survey))
    pd.testing.assert_frame_equal(once.everybody().probabilities, twice.everybody().probabilities)


def test_a_topline_is_met_by_the_weighted_population(asked: NewQuestion) -> None:
    shares = {"Yes": 0.38, "No": 0.55, "Not sure": 0.07}
    met = asked.topline(shares, n=10**6).everybody().probabilities.iloc[0]
    np.testing.assert_allclose(met, list(shares.values()), atol=0.01)
    percent = asked.topline({option: 100 * share for option, share in shares.items()}, n=10**6)
    pd.testing.assert_series_equal(percent.everybody().probabilities.iloc[0], met)


def test_a_crosstab_says_how_groups_differ(asked: NewQuestion, survey: Survey) -> None:
    table = TABLE.copy()
    shown = asked.crosstab(table).everybody().probabilities["Yes"].iloc[0]
    north = survey.relative_weight[::3].sum() / 300
    assert shown == pytest.approx(0.2 * north + 0.6 * (1 - north), abs=0.05)
    counted = asked.crosstab(TABLE * 3).everybody()
    assert width(counted) < width(asked.everybody())


def test_vectors_of_questions_say_which_are_alike(space: Embedder, survey: Survey) -> None:
    """Vectors that take one of two opposed questions for the one that is asked."""
    known = space.questions_

    def features(questions: Sequence[ps.Question], alike: int) -> FloatArray:
        ids = [known.index(question) if question in known else alike for question in questions]
        return np.eye(len(known))[ids]

    found = []
    for alike in (0, 1):
        told = NewQuestions(space, survey, features=partial(features, alike=alike))
        texts = [option.text for option in known[0].options]
        found.append(told.ask("?", texts).everybody().probabilities.to_numpy())
    assert np.abs(found[0] - found[1]).max() > 0.02
    with pytest.raises(PersonaSpaceError, match="was made with vectors of questions"):
        NewQuestions(space, survey, told.prior)


def test_people_who_are_new_are_placed_by_their_answers(asked: NewQuestion, survey: Survey) -> None:
    others = survey.select(respondents=range(5))
    others = replace(others, respondents=tuple(f"new{place}" for place in range(5)), traits=pd.DataFrame())
    answers = {f"new{place}": "Yes" for place in range(5)}
    same = {survey.respondents[place]: "Yes" for place in range(5)}
    found = asked.pilot(answers, others).everybody().probabilities
    pd.testing.assert_frame_equal(found, asked.pilot(same).everybody().probabilities, atol=1e-5)


def test_a_question_that_was_asked_is_answered_as_the_embedder_says(new: NewQuestions, space: Embedder) -> None:
    question = space.questions_[0]
    texts = [option.text for option in question.options]
    expected = space.predict_questions(space.respondents_, [question.id])[0]
    for order in (texts, texts[::-1]):
        again = new.ask(question.text, order)
        poll = again.predict(space.respondents_)
        np.testing.assert_allclose(poll.probabilities[texts], expected, atol=1e-4)
        assert poll.low is None
        with pytest.raises(PersonaSpaceError, match="was asked in 'simulated survey' with these options"):
            again.topline({texts[0]: 1})


def test_a_number_is_answered_with_a_number(new: NewQuestions, survey: Survey) -> None:
    asked = new.ask(ps.Question.number("police", "How would you rate the police?", 0, 100))
    at = asked.pilot(dict.fromkeys(survey.respondents[:40], 97.5))
    top = at.everybody().probabilities.iloc[0]
    assert top[["95", "100"]].sum() > asked.everybody().probabilities.iloc[0][["95", "100"]].sum()
    with pytest.raises(PersonaSpaceError, match="answered 101, which is off the scale from 0 to 100"):
        asked.pilot({survey.respondents[0]: 101})


def test_those_who_refuse_often_or_have_answered_are_not_asked(space: Embedder, survey: Survey) -> None:
    rows = np.repeat([0, 1], 20)
    answered = survey.answers.respondent * 1000 + survey.answers.question
    cells = np.setdiff1d(rows[:, None] * 1000 + np.arange(len(survey.questions)), answered)
    refusing = replace(survey, refusals=Pairs(cells // 1000, cells % 1000))
    asked = NewQuestions(space, refusing).ask("Should trains be free of charge?", OPTIONS)
    asked = asked.pilot({survey.respondents[5]: "Yes"})
    table = asked.whom_to_ask(300)
    assert not {*survey.respondents[:2], survey.respondents[5]} & set(table["respondent"])
    assert len(table) == 297
    assert table["remaining"].is_monotonic_decreasing


def test_of_a_persona_no_more_are_asked_than_its_share(asked: NewQuestion, survey: Survey) -> None:
    personas = ps.cluster_personas(asked.people.embedder, survey, k=3)
    table = asked.whom_to_ask(12, personas)
    assert table.index.tolist() == list(range(1, 13))
    shares = pd.Series({persona.name: len(persona.members) / 300 for persona in personas})
    assert (table["persona"].value_counts().reindex(shares.index) <= np.ceil(12 * shares) + 1).all()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (None, "a question needs at least two"),
        (["Yes"], "a question needs at least two"),
        (["Yes", "Yes"], "lists the option 'Yes' twice"),
        (["Yes", " "], "option 2 of the question is empty"),
    ],
)
def test_questions_that_cannot_be_asked(new: NewQuestions, options: list[str] | None, says: str) -> None:
    with pytest.raises(PersonaSpaceError, match=says):
        new.ask("Should trains be free?", options)
    with pytest.raises(PersonaSpaceError, match="the question is empty"):
        new.ask("  ", OPTIONS)


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({}, "no pilot answers: give at least one"),
        ("Yes", "pilot answers are 'Yes': give a mapping from respondent to option"),
        ({"nobody": "Yes"}, "unknown respondent 'nobody'"),
        ({"r001": "Maybe"}, "unknown option 'Maybe'"),
        ({"r001": 1}, "respondent 'r001' answered 1: give the text of one of the options"),
    ],
)
def test_pilot_answers_that_are_refused(asked: NewQuestion, answers: Any, says: str) -> None:
    with pytest.raises(PersonaSpaceError, match=says):
        asked.pilot(answers)


def test_two_answers_of_one_person_are_refused(asked: NewQuestion) -> None:
    with pytest.raises(PersonaSpaceError, match="respondent 'r001' has given two different answers"):
        asked.pilot({"r001": "Yes"}).pilot({"r001": "No"})


@pytest.mark.parametrize(
    ("shares", "n", "says"),
    [
        ({"Yes": 0.4, "No": 0.4}, None, "the shares of the topline sum to 0.8, not to 1 or to 100"),
        ({"Yes": -0.1, "No": 1.1}, None, "gives 'Yes' a share of -0.1: shares are 0 or more"),
        ({"Yes": float("nan"), "No": 1}, None, "a share of nan"),
        ({"Perhaps": 1}, None, "unknown option 'Perhaps'"),
        ([0.5, 0.5], None, "give a mapping from option to share"),
        ({"Yes": 0.4, "No": 0.6}, 0, "n is 0: give a number from 1 up"),
    ],
)
def test_toplines_that_are_refused(asked: NewQuestion, shares: Mapping[str, float], n: float | None, says: str) -> None:
    with pytest.raises(PersonaSpaceError, match=says):
        asked.topline(shares, n)


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (TABLE.rename(index={"North": "East"}), "unknown group 'region=East'"),
        (TABLE.rename(columns={"No": "Nope"}), "unknown option 'Nope'"),
        (TABLE / 3, "the shares of the group region=North sum to 33"),
        (TABLE.droplevel(0), "indexed by trait and value"),
        ({"region": {}}, "a crosstab is a DataFrame"),
    ],
)
def test_crosstabs_that_are_refused(asked: NewQuestion, table: Any, says: str) -> None:
    with pytest.raises(PersonaSpaceError, match=says):
        asked.crosstab(table)
