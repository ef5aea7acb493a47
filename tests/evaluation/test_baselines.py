"""Baselines on surveys small enough to count by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SettingError, UnknownNameError
from personaspace.evaluation.baselines import embedder_alone, group_majority, majority
from personaspace.evaluation.metrics import macro_accuracy
from personaspace.evaluation.similar_question import own_similar_answer, question_similarity, similar_question_majority
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey
from tests.embedding.unlearned import Unlearned


def question(name: str, text: str, *options: str) -> Question:
    places = np.linspace(0, 1, len(options))
    return Question(name, text, tuple(Option(o, float(x)) for o, x in zip(options, places, strict=True)))


TAX = question("tax", "Should taxes on income rise?", "no", "yes")
SCHOOL = question("school", "How good are the schools?", "bad", "fair", "good")
TAXES = question("taxes", "Should taxes on income and wealth rise?", "no", "unsure", "yes")
ABORTION = question("abortion", "Legal?", "one", "two", "three", "four")


def survey(
    respondents: str, questions: list[Question], cells: list[tuple[int, int, int]], party: str | None = None
) -> Survey:
    traits = pd.DataFrame({"party": list(party)}).replace("-", None) if party else pd.DataFrame()
    columns = np.array(cells, dtype=int).reshape(-1, 3).T
    return Survey(tuple(respondents), tuple(questions), Answers(*columns), traits)


TRAIN = survey(
    "abcd",
    [TAX, SCHOOL],
    [(0, 0, 1), (1, 0, 1), (2, 0, 1), (3, 0, 0), (0, 1, 2), (1, 1, 2), (2, 1, 0)],
    party="DDRR",
)


def test_majority_is_the_smoothed_share_whatever_the_order_of_questions() -> None:
    test = survey("xb", [SCHOOL, TAX], [(0, 0, 1), (1, 1, 0)])
    predictions = majority(TRAIN, test)
    np.testing.assert_allclose(predictions.probabilities, [[2 / 6, 1 / 6, 3 / 6], [2 / 6, 4 / 6, 0]])
    assert predictions.option.tolist() == [1, 0]


def test_a_question_without_answers_takes_the_places_of_questions_as_long() -> None:
    test = survey("a", [TAXES, ABORTION], [(0, 0, 2), (0, 1, 3)])
    predictions = majority(TRAIN, test)
    np.testing.assert_allclose(predictions.probabilities[0], [2 / 6, 1 / 6, 3 / 6, 0])
    np.testing.assert_allclose(predictions.probabilities[1], 1 / 4)


def test_group_majority_follows_the_group_and_falls_back_to_everybody() -> None:
    test = survey("xyz", [SCHOOL], [(0, 0, 2), (1, 0, 0), (2, 0, 0)], party="DR-")
    everybody = np.array([2, 1, 3]) / 6
    democrats, republicans = np.array([0, 0, 2]), np.array([1, 0, 0])
    expected = np.array([(10 * everybody + democrats) / 12, (10 * everybody + republicans) / 11, everybody])
    np.testing.assert_allclose(group_majority(TRAIN, test, "party").probabilities, expected)


def test_group_majority_wants_a_trait_both_surveys_have() -> None:
    test = survey("x", [SCHOOL], [(0, 0, 2)])
    with pytest.raises(UnknownNameError, match="unknown trait 'partei': did you mean 'party'"):
        group_majority(TRAIN, test, "partei")
    with pytest.raises(UnknownNameError, match="unknown trait 'party'"):
        group_majority(TRAIN, test, "party")


class Linear(Unlearned):
    """A vector holds its own answers' probabilities."""

    def predict(self, vectors: Vectors) -> Vectors:
        return vectors


LINEAR = Linear(dim=5).fit(survey("", [SCHOOL, TAX], []))
VECTORS = np.array([[0.1, 0.2, 0.7, 0.4, 0.6], [0.3, 0.3, 0.4, 0.9, 0.1], [1, 0, 0, 0, 1]], np.float32)


@pytest.mark.parametrize("block", [1, 2, 1024])
def test_embedder_alone_finds_each_answers_options(block: int) -> None:
    test = survey("xyz", [TAX, SCHOOL], [(2, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 2)])
    predictions = embedder_alone(LINEAR, VECTORS, test, block)
    expected = [[1.0, 0.0, 0.0], [0.4, 0.6, 0.0], [0.3, 0.3, 0.4], [0.1, 0.2, 0.7]]
    np.testing.assert_allclose(predictions.probabilities, expected, atol=1e-7)
    assert macro_accuracy(predictions) == pytest.approx(2 / 3)


def test_embedder_alone_refuses_what_it_cannot_know() -> None:
    with pytest.raises(SettingError, match="3 vectors for 1 respondents"):
        embedder_alone(LINEAR, VECTORS, survey("x", [TAX], [(0, 0, 0)]))
    with pytest.raises(SettingError, match="not fitted on question 'taxes'"):
        embedder_alone(LINEAR, VECTORS[:1], survey("x", [TAX, TAXES], [(0, 0, 0)]))


def test_a_question_that_changed_its_options_is_not_the_same() -> None:
    other = question("tax", TAX.text, "yes", "no")
    with pytest.raises(SettingError, match="'tax' does not have the same options"):
        majority(TRAIN, survey("x", [other], [(0, 0, 0)]))


def test_similarity_reads_the_words_and_never_finds_the_question_itself() -> None:
    similarity = question_similarity(TRAIN, survey("a", [TAXES, TAX], []))
    assert similarity[0].argmax() == 0
    assert similarity[0, 0] > 0.5 > similarity[0, 1]
    assert similarity[1, 0] == 0


def test_similar_question_majority_moves_the_distribution_by_relative_place() -> None:
    test = survey("x", [TAXES], [(0, 0, 2)])
    trust = question_similarity(TRAIN, test)[0, 0]
    expected = trust * np.array([1, 0, 3]) / 4 + (1 - trust) * np.array([2, 1, 3]) / 6
    np.testing.assert_allclose(similar_question_majority(TRAIN, test).probabilities[0], expected)


def test_own_similar_answer_repeats_each_respondent() -> None:
    test = survey("dxa", [TAXES], [(0, 0, 0), (1, 0, 0), (2, 0, 2)])
    probabilities = own_similar_answer(TRAIN, test).probabilities
    trust = question_similarity(TRAIN, test)[0, 0] / 2
    places = np.array([2, 1, 3]) / 6
    expected = [trust * np.eye(3)[0] + (1 - trust) * places, places, trust * np.eye(3)[2] + (1 - trust) * places]
    np.testing.assert_allclose(probabilities, expected)


def test_own_similar_answer_of_unseen_respondents_comes_from_what_is_known_of_them() -> None:
    known = survey("xy", [TAX], [(0, 0, 0), (1, 0, 1)])
    test = survey("yx", [TAXES], [(0, 0, 2), (1, 0, 0)])
    probabilities = own_similar_answer(TRAIN, test, known).probabilities
    assert probabilities[0, 2] > probabilities[1, 2]
    assert probabilities[1, 0] > probabilities[0, 0]
