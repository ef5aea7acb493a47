"""Baselines from the most similar question, counted by hand."""

from __future__ import annotations

import numpy as np

from personaspace.evaluation.rows.similar_question import (
    own_similar_answer,
    question_similarity,
    similar_question_majority,
)
from tests.evaluation.counted import TAX, TAXES, TRAIN, survey


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
