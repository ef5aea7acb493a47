"""What embedders, personas and profiles make of surveys that are not as they should be.

Every survey here is a small simulated one with one thing strange about it. It leads to a clear error or to what
docs/data.md says, never to a crash or to values that are not numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest

from personaspace.embedding.base import Embedder
from personaspace.embedding.registry import embedders, make_embedder
from personaspace.errors import SettingError, SurveyError
from personaspace.evaluation.measures.metrics import macro_accuracy
from personaspace.evaluation.rows.baselines import embedder_alone, majority
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.clustering.gain import ALL_ALIKE
from personaspace.persona.groups import demographic_personas
from personaspace.profiles.explained_variance import explained_variance
from personaspace.profiles.profile import profile
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import BoolArray, Vectors
from personaspace.survey.question import Question
from personaspace.survey.simulate import simulate
from personaspace.survey.split import split
from personaspace.survey.survey import Survey
from tests.contract.test_embedders import MAKERS

BASE = simulate(120, seed=4).select(questions=range(24))
ANSWERS = BASE.answers
STRANGE = 5
"""The question, and the number of respondents, with something wrong."""


def answered(rows: BoolArray, option: int) -> Survey:
    """The same with one option chosen in some answers."""
    changed = np.where(rows, option, ANSWERS.option)
    return replace(BASE, answers=Answers(ANSWERS.respondent, ANSWERS.question, changed))


def twice() -> Survey:
    """The first question again, with the same answers."""
    rows = ANSWERS.question == 0
    columns = (
        np.concatenate([ANSWERS.respondent, ANSWERS.respondent[rows]]),
        np.concatenate([ANSWERS.question, np.full(rows.sum(), len(BASE.questions))]),
        np.concatenate([ANSWERS.option, ANSWERS.option[rows]]),
    )
    again = replace(BASE.questions[0], id="again")
    return replace(BASE, questions=(*BASE.questions, again), answers=Answers(*columns))


def reworded() -> Survey:
    """Two questions of the same text with answers of their own."""
    first, text = BASE.questions[0], BASE.questions[1].text
    return replace(BASE, questions=(replace(first, text=text), *BASE.questions[1:]))


def numbers(value: float) -> Survey:
    """A thermometer at which everybody says the same, beside the other questions."""
    number = Question.number("warm", "How warm?", 0, 100)
    n, place = len(BASE.respondents), len(BASE.questions)
    point = 0 if number.scale is None else int(number.scale.nearest(np.array([value]))[0])
    columns = (
        np.concatenate([ANSWERS.respondent, np.arange(n)]),
        np.concatenate([ANSWERS.question, np.full(n, place)]),
        np.concatenate([ANSWERS.option, np.full(n, point)]),
    )
    values = np.concatenate([ANSWERS.value, np.full(n, value)])
    return replace(BASE, questions=(*BASE.questions, number), answers=Answers(*columns, values))


def weights(zeros: int) -> Survey:
    """The first respondents have weight 0."""
    return replace(BASE, weights=(np.arange(len(BASE.respondents)) >= zeros).astype(float))


STRANGE_SURVEYS: dict[str, Callable[[], Survey]] = {
    "respondents without answers": lambda: BASE.with_answers(ANSWERS.respondent >= STRANGE),
    "a question nobody answered": lambda: BASE.with_answers(ANSWERS.question != STRANGE),
    "a question everybody answered alike": lambda: answered(ANSWERS.question == STRANGE, 1),
    "every question answered alike": lambda: answered(ANSWERS.question >= 0, 0),
    "a respondent of constant answers": lambda: answered(ANSWERS.respondent == STRANGE, 0),
    "one question": lambda: BASE.select(questions=[0]),
    "two respondents": lambda: BASE.select([0, 1]),
    "a question twice": twice,
    "two questions of one text": reworded,
    "a number everybody gave": lambda: numbers(50.0),
    "weights of zero": lambda: weights(30),
    "somebody who only refused": lambda: BASE.with_answers(ANSWERS.respondent != BASE.refusals.respondent[0]),
    "no traits": lambda: replace(BASE, traits=pd.DataFrame()),
}


@pytest.fixture(scope="module", params=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[[], Embedder]:
    name, settings = MAKERS[request.param]
    short = {"epochs": 5} if "epochs" in {field.name for field in fields(embedders()[name])} else {}
    return lambda: make_embedder(name, **(settings | short))


def is_distribution(space: Embedder, vectors: Vectors) -> bool:
    predicted = space.predict(vectors)
    sums = np.add.reduceat(predicted, space.offsets_[:-1], axis=1)
    return bool(np.isfinite(vectors).all() and (predicted >= 0).all() and np.allclose(sums, 1, atol=1e-4))


@pytest.mark.parametrize("what", STRANGE_SURVEYS)
def test_a_strange_survey_is_embedded_and_described(make: Callable[[], Embedder], what: str) -> None:
    survey = STRANGE_SURVEYS[what]()
    space = make().fit(survey)
    assert is_distribution(space, space.respondents_)
    assert is_distribution(space, space.embed(survey))
    assert is_distribution(space, space.embed(survey.with_answers(np.zeros(len(survey.answers), np.bool_))))
    assert space.embed(survey.select([])).shape == (0, space.dim)
    personas = cluster_personas(space, survey, k=1)
    assert [len(persona.members) for persona in personas] == [len(survey.respondents)]
    assert len(profile(personas, survey).distinguishing) <= len(survey.questions)
    found = profile(personas, survey, min_answers=1)
    assert np.isfinite(found.distinguishing["tv"]).all()
    shares = found.composition.groupby(["persona", "trait"])["share"].sum()
    np.testing.assert_allclose(shares.astype(float), 1)
    assert 0 <= macro_accuracy(embedder_alone(space, space.respondents_, survey)) <= 1
    assert 0 <= macro_accuracy(majority(survey, survey)) <= 1


@pytest.mark.parametrize("what", ["weights of zero", "a question everybody answered alike"])
def test_a_strange_survey_has_clusters_all_the_same(make: Callable[[], Embedder], what: str) -> None:
    survey = STRANGE_SURVEYS[what]()
    personas = cluster_personas(make().fit(survey), survey, k=3)
    assert sum(len(persona.members) for persona in personas) == len(survey.respondents)
    assert sum(persona.share for persona in personas) == pytest.approx(1)


@pytest.mark.parametrize("method", ["gaussian", "agglomerative"])
def test_every_method_clusters_strange_surveys(method: str) -> None:
    for what in ("respondents without answers", "weights of zero", "every question answered alike"):
        survey = STRANGE_SURVEYS[what]()
        space = make_embedder("factorization", dim=4).fit(survey)
        personas = cluster_personas(space, survey, k=2, method=method, smallest=1)
        assert sum(len(persona.members) for persona in personas) == len(survey.respondents)


def test_respondents_of_weight_zero_make_no_cluster(make: Callable[[], Embedder]) -> None:
    survey = weights(len(BASE.respondents) - 1)
    with pytest.raises(
        SettingError, match=r"k is 2, but 120 respondents with 1 different vectors make 1 to 1 clusters"
    ):
        cluster_personas(make().fit(survey), survey, k=2)


def test_k_can_be_chosen_though_some_answered_nothing() -> None:
    survey = STRANGE_SURVEYS["respondents without answers"]()
    personas = cluster_personas(make_embedder("factorization", dim=4).fit(survey), survey, k="elbow")
    assert sum(len(persona.members) for persona in personas) == len(survey.respondents)


def test_respondents_without_answers_are_placed_where_nothing_is_known(make: Callable[[], Embedder]) -> None:
    survey = STRANGE_SURVEYS["respondents without answers"]()
    space = make().fit(survey)
    first, *others = space.respondents_[:STRANGE]
    assert all(np.array_equal(first, other) for other in others)
    np.testing.assert_allclose(space.embed(survey.select([0])), first[None], atol=1e-6)


def test_what_everybody_answers_is_expected_of_everybody(make: Callable[[], Embedder]) -> None:
    space = make().fit(STRANGE_SURVEYS["a question everybody answered alike"]())
    (expected,) = space.predict_questions(space.respondents_, [BASE.questions[STRANGE].id])
    assert (expected.argmax(axis=1) == 1).all()
    assert expected[:, 1].min() > 0.8


def test_a_number_everybody_gives_is_expected_of_everybody(make: Callable[[], Embedder]) -> None:
    space = make().fit(STRANGE_SURVEYS["a number everybody gave"]())
    np.testing.assert_allclose(space.expected_numbers(space.respondents_, ["warm"]), 50, atol=10)


def test_nothing_is_claimed_of_a_question_nobody_answered(make: Callable[[], Embedder]) -> None:
    space = make().fit(STRANGE_SURVEYS["a question nobody answered"]())
    (expected,) = space.predict_questions(space.respondents_, [BASE.questions[STRANGE].id])
    assert expected.max() < 0.8


def test_too_little_to_learn_from(make: Callable[[], Embedder]) -> None:
    for survey in (BASE.select([0]), BASE.with_answers(np.zeros(len(ANSWERS), np.bool_)), BASE.select(questions=[])):
        with pytest.raises(SurveyError, match="an embedder learns from at least two respondents and one answer"):
            make().fit(survey)


def test_where_everybody_answers_alike_there_is_nothing_to_explain() -> None:
    parts = split(STRANGE_SURVEYS["every question answered alike"](), held_out_questions=0)
    space = make_embedder("factorization", dim=4).fit(parts.train)
    with pytest.raises(SurveyError, match="there is no variance to explain"):
        explained_variance(space, parts, cluster_personas(space, parts.train, k=1))


def test_where_everybody_answers_alike_there_is_one_persona() -> None:
    survey = STRANGE_SURVEYS["every question answered alike"]()
    space = make_embedder("lightgcn").fit(survey)
    for method in ("kmeans", "hdbscan"):
        personas = cluster_personas(space, survey, method=method)
        assert [len(persona.members) for persona in personas] == [len(survey.respondents)]
        assert personas.notes == (ALL_ALIKE,)


def test_impossible_personas(make: Callable[[], Embedder]) -> None:
    survey = STRANGE_SURVEYS["two respondents"]()
    space = make().fit(survey)
    with pytest.raises(SettingError, match=r"k is 3, but 2 respondents .* make 1 to \d clusters"):
        cluster_personas(space, survey, k=3)
    with pytest.raises(SurveyError, match="no respondent has a value of 'empty'"):
        traits = pd.DataFrame({"empty": [None, None]})
        demographic_personas(space, replace(survey, traits=traits), "empty")
    with pytest.raises(SurveyError, match="120 of the embedder's 120 respondents are not in the survey"):
        cluster_personas(make().fit(BASE), replace(BASE, respondents=tuple(f"x{i}" for i in range(120))), k=2)


@pytest.mark.parametrize(
    ("weight", "says"), [(float("nan"), "weight nan"), (-1.0, "weight -1.0"), (float("inf"), "weight inf")]
)
def test_bad_weights(weight: float, says: str) -> None:
    given = np.ones(len(BASE.respondents))
    given[STRANGE] = weight
    with pytest.raises(SurveyError, match=f"{says}: weights are finite and >= 0"):
        replace(BASE, weights=given)
    with pytest.raises(SurveyError, match="all weights are 0"):
        replace(BASE, weights=0 * np.ones(len(BASE.respondents)))


def test_respondents_of_weight_zero_change_no_share() -> None:
    survey = weights(30)
    space = make_embedder("factorization", dim=4).fit(survey)
    personas = cluster_personas(space, survey, k=1)
    counted = survey.select(range(30, len(survey.respondents)))
    everybody = profile(personas, survey, min_answers=1).composition
    without = profile(personas, counted, min_answers=1).composition
    together = everybody.merge(without, on=["trait", "value"])
    np.testing.assert_allclose(together["share_x"], together["share_y"])


def test_a_strange_survey_can_be_split() -> None:
    for build in STRANGE_SURVEYS.values():
        survey = build()
        parts = split(survey, held_out_questions=0)
        ours = (parts.train, parts.held_out_answers, parts.unseen_known, parts.unseen_held_out)
        assert sum(len(part.answers) for part in ours) == len(survey.answers)
