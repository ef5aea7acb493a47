"""The answers stated of a persona are those it gave, or those expected of it, and never more than is known."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import SettingError, SurveyError
from personaspace.persona.groups import individual_personas
from personaspace.persona.personas import Persona, Personas
from personaspace.profiles.questions import distinguishing_questions
from personaspace.profiles.stated_answers import PersonaAnswers, StatedAnswer
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate
from personaspace.survey.survey import Survey
from tests.persona.planted import Planted

CHOICES = (Option("yes"), Option("no"))
TEXTS = {
    "banks": "Do you trust the banks in your town?",
    "schools": "Do you trust the schools in your town?",
    "tax": "Should taxes on rich people rise?",
    "rich": "Are rich people taxed too little?",
    "dogs": "Have you ever owned a dog?",
}
QUESTIONS = tuple(Question(name, text, CHOICES) for name, text in TEXTS.items())


def ids(answers: list[StatedAnswer]) -> list[str]:
    return [answer.question.id for answer in answers]


def town(respondents: int = 60) -> tuple[Persona, Survey]:
    """The first half answers yes to everything, the second no."""
    row, column = (part.ravel() for part in np.indices((respondents, len(QUESTIONS))))
    answers = Answers(row, column, (row >= respondents // 2).astype(np.int64))
    survey = Survey(tuple(f"r{i}" for i in range(respondents)), QUESTIONS, answers)
    return Persona("yes", "cluster", np.zeros(4, np.float32), survey.respondents[: respondents // 2]), survey


def test_planted_personas_are_described_by_their_planted_answers(planted: Planted, four: Personas) -> None:
    chances = planted.embedder.predict(2 * np.eye(4, dtype=np.float32)).reshape(4, 40, 3)
    everybody = chances[planted.truth].mean(axis=0)
    for persona in four:
        cluster = planted.truth[planted.survey.respondent_index[persona.members[0]]]
        answers = PersonaAnswers(persona, planted.survey).telling(8)
        assert len(answers) == 8
        for answer in answers:
            question = int(answer.question.id[1:])
            over = (answer.shares - answer.population).argmax()
            assert chances[cluster, question, over] > everybody[question, over] + 0.1
            assert np.abs(answer.shares - chances[cluster, question]).max() < 0.25


def test_shares_are_weighted_counts(planted: Planted, four: Personas) -> None:
    frame = planted.survey.to_frame()
    weight = dict(zip(planted.survey.respondents, planted.survey.weight, strict=True))
    members = list(four[0].members)
    for answer in PersonaAnswers(four[0], planted.survey).telling(3):
        for option, share in zip(answer.question.options, answer.shares, strict=True):
            given = [weight[name] for name in members if frame.loc[name, answer.question.id] == option.text]
            assert share == pytest.approx(sum(given) / sum(weight[name] for name in members))


def test_telling_answers_come_from_every_topic_by_turns_in_rank_order(planted: Planted, four: Personas) -> None:
    answers = PersonaAnswers(four[1], planted.survey).telling(6)
    topics = [answer.question.topic for answer in answers]
    assert Counter(topics) == {"topic 0": 2, "topic 1": 2, "topic 2": 2}
    assert len(set(topics[:3])) == 3
    ranks = distinguishing_questions(four[1:2], planted.survey).set_index("question")["rank"]
    first = ranks[[f"q{j}" for j in range(40) if f"topic {j % 3}" == topics[0]]]
    assert first.loc[answers[0].question.id] == first.min()


def test_no_answers_tell_where_nothing_differs_significantly(planted: Planted) -> None:
    everybody = Persona("all", "cluster", np.zeros(4, np.float32), planted.survey.respondents)
    assert PersonaAnswers(everybody, planted.survey).telling(8) == []


def test_related_answers_are_those_to_the_most_similar_questions() -> None:
    persona, survey = town()
    known = PersonaAnswers(persona, survey)
    assert ids(known.related("Do you trust the banks?", 5)) == ["banks", "schools"]
    assert ids(known.related("Should rich people pay more taxes?", 1)) == ["tax"]
    assert ids(known.related("Should rich people pay more taxes?", 5)) == ["tax", "rich"]
    assert known.related("Who won?", 5) == []
    assert known.related("Do pianos, violins, harps and trumpets please you?", 5) == []  # "Do you" says nothing
    asked = Question("new", "Do you trust the banks?", CHOICES)
    assert ids(known.related(asked, 1, {"banks"})) == ["schools"]


def test_a_respondent_gave_the_answers_and_the_rarest_tell_most(planted: Planted) -> None:
    survey = planted.survey
    known = PersonaAnswers(individual_personas(planted.embedder)[7], survey, planted.embedder)
    given, answers = survey[survey.respondents[7]], known.telling(40)
    assert {a.question.id: a.question.options[int(a.shares.argmax())].text for a in answers} == given.to_dict()
    rarity = {a.question.id: a.population[a.shares.argmax()] for a in answers}
    assert rarity[answers[0].question.id] == min(rarity.values())
    few = survey.with_answers((survey.answers.respondent != 7) | (survey.answers.question < 3))
    assert set(ids(PersonaAnswers(known.persona, few, planted.embedder).telling(40))) == {"q0", "q1", "q2"}


def test_a_number_far_from_the_middle_tells_more_than_one_within() -> None:
    scales = tuple(Question.number(name, name, 0, 100) for name in ("far", "within"))
    numbers = np.array([[100.0, 50.0], *([n, n] for n in range(0, 100, 5))])
    row, column = (part.ravel() for part in np.indices(numbers.shape))
    answers = Answers(row, column, (numbers.ravel() // 5).astype(np.int64), numbers.ravel())
    survey = Survey(tuple(map(str, range(len(numbers)))), scales, answers)
    stated = PersonaAnswers(Persona("a", "individual", np.zeros(1, np.float32), ("0",)), survey).telling(2)
    assert [(answer.question.id, answer.number) for answer in stated] == [("far", 100.0), ("within", 50.0)]


def test_expected_answers_fill_what_too_few_members_answered(planted: Planted, four: Personas) -> None:
    survey, embedder = planted.survey, planted.embedder
    of_first = np.isin(survey.answers.respondent, [survey.respondent_index[name] for name in four[0].members])
    few = survey.with_answers(~of_first | (survey.answers.question > 4))
    known = PersonaAnswers(four[0], few, embedder)
    asked = "Questions 0 1 2 3 4 5 6 7?"
    related = {answer.question.id: answer for answer in known.related(asked, 40)}
    assert {name: answer.expected for name, answer in related.items()} == {f"q{j}": j < 5 for j in range(8)}
    rows = [embedder.ids_.index(name) for name in four[0].members]
    weight = survey.weight[[survey.respondent_index[name] for name in four[0].members]]
    (expected,) = embedder.predict_questions(embedder.respondents_[rows], ["q3"])
    np.testing.assert_allclose(related["q3"].shares, weight @ expected / weight.sum(), atol=1e-6)
    assert not any(answer.expected for answer in PersonaAnswers(four[0], few).related(asked, 40))


def test_a_mixture_is_expected_to_answer_as_at_its_vector(planted: Planted, four: Personas) -> None:
    mixed = four.mix(dict.fromkeys(four.names[:2], 1))
    answers = PersonaAnswers(mixed, planted.survey, planted.embedder).telling(8)
    tv = {}
    for answer in PersonaAnswers(mixed, planted.survey, planted.embedder).telling(40):
        (expected,) = planted.embedder.predict_questions(mixed.vector[None], [answer.question.id])
        np.testing.assert_allclose(answer.shares, expected[0], atol=1e-6)
        tv[answer.question.id] = np.abs(answer.shares - answer.population).sum()
    assert all(answer.expected for answer in answers)
    assert tv[answers[0].question.id] == max(tv.values())


def test_nothing_is_expected_to_questions_asked_after_certain_answers_only() -> None:
    persona, survey = town()
    after = replace(QUESTIONS[4], id="breed", text="Which dog do you own in your town?")
    own = survey.answers.where(survey.answers.question == 4)
    asked = own.where(own.option == 0)
    filtered = replace(
        survey,
        questions=(*QUESTIONS, after),
        answers=Answers(
            np.concatenate([survey.answers.respondent, asked.respondent]),
            np.concatenate([survey.answers.question, np.full(len(asked), 5)]),
            np.concatenate([survey.answers.option, np.arange(len(asked)) % 2]),
        ),
    )
    embedder = Factorization(dim=4, seed=0).fit(filtered)
    others = replace(persona, members=survey.respondents[30:])
    text = "Which dog do you own in your town?"
    assert "breed" in ids(PersonaAnswers(persona, filtered, embedder).related(text, 6))
    for silent in (others, Persona("mixed", "mixture", embedder.respondents_[0])):
        related = ids(PersonaAnswers(silent, filtered, embedder).related(text, 6))
        assert "dogs" in related and "breed" not in related


def test_what_is_not_known_is_said() -> None:
    persona, survey = town()
    embedder = Factorization(dim=4, seed=0).fit(survey)
    stranger = replace(persona, members=("nobody",))
    with pytest.raises(SurveyError, match="no member of persona 'yes' is in"):
        PersonaAnswers(stranger, survey)
    point = Persona("point", "mixture", np.zeros(0, np.float32))
    with pytest.raises(SettingError, match="'point' has no members: give the embedder"):
        PersonaAnswers(point, survey)
    with pytest.raises(SettingError, match=r"no members and no vector of this embedder \(shape \(0,\), expected 4"):
        PersonaAnswers(point, survey, embedder)
    with pytest.raises(SettingError, match="no members and no vector"):
        PersonaAnswers(replace(point, vector=np.full(4, np.nan, np.float32)), survey, embedder)
    pair = replace(persona, members=("r0", "r1"))
    with pytest.raises(SettingError, match="has an answer of 20 members of it; the embedder"):
        PersonaAnswers(pair, survey)
    assert PersonaAnswers(pair, survey, embedder).telling(2)
    silent = survey.with_answers(survey.answers.respondent > 0)
    with pytest.raises(SettingError, match="has an answer of its respondent"):
        PersonaAnswers(replace(persona, members=("r0",)), silent)
    other = Question("banks", TEXTS["banks"], (Option("yes"), Option("never")))
    with pytest.raises(SurveyError, match="had 'yes', 'no' when the embedder was fitted"):
        PersonaAnswers(persona, replace(survey, questions=(other, *QUESTIONS[1:])), embedder)


def test_respondents_that_the_embedder_never_saw_do_not_matter() -> None:
    survey = simulate(respondents=120, seed=0)
    embedder = Factorization(dim=4, seed=0).fit(survey.select(respondents=range(60)))
    persona = Persona("some", "cluster", embedder.respondents_[:10].mean(axis=0), survey.respondents[50:70])
    alone = replace(persona, members=survey.respondents[50:60])
    answers = PersonaAnswers(persona, survey.with_answers(survey.answers.respondent > 0), embedder).telling(3)
    expected = PersonaAnswers(alone, survey, embedder).telling(60)
    shares = {answer.question.id: answer.shares for answer in expected}
    assert all(answer.expected for answer in answers)
    for answer in answers:
        np.testing.assert_allclose(answer.shares, shares[answer.question.id])
