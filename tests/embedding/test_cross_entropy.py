from __future__ import annotations

import tracemalloc

import numpy as np
import torch

from personaspace.embedding.cross_entropy import UNANSWERED, answer_table, mean_cross_entropy, sum_cross_entropy
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.survey.answers import Answers

OFFSETS = np.array([0, 2, 5, 7])


def test_cross_entropy_is_minus_the_log_of_the_softmax() -> None:
    rng = np.random.default_rng(0)
    vectors, options, bias = (torch.from_numpy(rng.normal(size=shape)) for shape in ((4, 3), (7, 3), (7,)))
    answers = torch.tensor([[0, 2, 1], [1, UNANSWERED, 0], [UNANSWERED] * 3, [UNANSWERED, 1, UNANSWERED]])
    probabilities = OptionSoftmax(OFFSETS).softmax((vectors @ options.T + bias).numpy())
    expected = -sum(
        np.log(probabilities[i, OFFSETS[j] + int(answers[i, j])])
        for i in range(4)
        for j in range(3)
        if answers[i, j] != UNANSWERED
    )
    found = sum_cross_entropy(OptionSoftmax(OFFSETS), vectors, options, bias, answers)
    assert np.isclose(found.item(), expected, rtol=1e-5)


def test_answer_table_holds_the_answers_of_the_rows_asked_for() -> None:
    answers = Answers(np.array([0, 2, 2, 5]), np.array([1, 0, 1, 0]), np.array([2, 1, 0, 0]))
    table = answer_table(answers, np.array([2, 4]), 2)
    assert table.tolist() == [[1, 0], [UNANSWERED, UNANSWERED]]
    assert answer_table(answers, np.array([5, 0, 9]), 2).tolist() == [[0, -100], [-100, 2], [-100, -100]]
    assert answer_table(Answers.empty(), np.array([1]), 2).tolist() == [[UNANSWERED, UNANSWERED]]


def test_an_answer_table_costs_what_its_rows_hold_not_what_everybody_answered() -> None:
    respondent = np.repeat(np.arange(50_000), 4)
    answers = Answers(respondent, np.tile(np.arange(4), 50_000), respondent % 3)
    rows = np.array([7, 40_000])
    tracemalloc.start()
    table = answer_table(answers, rows, 4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert table.tolist() == [[1] * 4, [1] * 4]
    assert peak < 20_000  # all respondents' indices alone are 1,600,000 bytes


def test_mean_cross_entropy_does_not_depend_on_the_block() -> None:
    rng = np.random.default_rng(0)
    vectors, options, bias = (torch.from_numpy(rng.normal(size=shape)) for shape in ((9, 3), (7, 3), (7,)))
    answers = Answers(np.arange(9), np.arange(9) % 3, np.zeros(9, np.int64))
    whole, parts = (
        mean_cross_entropy(OptionSoftmax(OFFSETS), vectors, options, bias, answers, block) for block in (1024, 2)
    )
    assert np.isclose(whole, parts)
