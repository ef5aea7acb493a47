"""The loss: cross-entropy, weights, and the ranked probability score."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import torch

from personaspace.embedding.loss import UNANSWERED, AnswerLoss, answer_table, mean_cross_entropy, sum_cross_entropy
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question

QUESTIONS = (
    Question("mood", "?", (Option("good", 1.0), Option("don't know"), Option("bad", 0.0), Option("mixed", 0.4))),
    Question("tea", "?", (Option("no"), Option("yes"))),
    Question("pace", "?", tuple(Option(str(x), x) for x in (0.0, 0.5, 0.75, 1.0))),
)
ANSWERS = torch.tensor([[0, 1, 2], [1, UNANSWERED, 3], [3, 0, UNANSWERED]])


def scores() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    made = torch.Generator().manual_seed(0)
    return tuple(torch.randn(shape, generator=made) for shape in ((3, 5), (10, 5), (10,)))  # type: ignore[return-value]


def ranked(probabilities: torch.Tensor, question: Question, answer: int) -> float:
    """RPS by its definition, as an integral over the scale."""
    places, y = question.positions, question.positions[answer]
    if np.isnan(y):
        return 0.0
    grid = (np.arange(20_000) + 0.5) / 20_000
    placed = np.where(np.isnan(places), 0, probabilities.numpy())
    below = sum(p * (place <= grid) for p, place in zip(placed / placed.sum(), places, strict=True))
    return float(((below - (y <= grid)) ** 2).mean())


def test_the_loss_is_least_at_the_true_probabilities() -> None:
    question, truth = QUESTIONS[0], torch.tensor([0.2, 0.4, 0.3, 0.1])
    loss, nothing = AnswerLoss([question], ordinal=5.0), (torch.zeros(1, 2), torch.zeros(4, 2))
    bias = truth.log().requires_grad_()
    risk = sum(share * loss(*nothing, bias, torch.tensor([[y]])) for y, share in enumerate(truth))
    torch.autograd.backward(risk)
    torch.testing.assert_close(bias.grad, torch.zeros(4), atol=1e-6, rtol=0)


def test_the_loss_is_weighted_cross_entropy_and_ranked_probability_score() -> None:
    vectors, options, bias = scores()
    weights, starts = torch.tensor([1.0, 0.5, 2.0]), [0, 4, 6]
    total = counted = 0.0
    for who, question in (ANSWERS >= 0).nonzero().tolist():
        at = slice(starts[question], starts[question] + len(QUESTIONS[question].options))
        p, answer = (vectors[who] @ options[at].T + bias[at]).softmax(0), int(ANSWERS[who, question])
        ordered = question != 1
        score = -np.log(p[answer].item()) + 3.0 * ordered * ranked(p, QUESTIONS[question], answer)
        total, counted = total + weights[who].item() * score, counted + weights[who].item()
    found = AnswerLoss(QUESTIONS, ordinal=3.0)(vectors, options, bias, ANSWERS, weights)
    assert found.item() == pytest.approx(total / counted, abs=1e-4)


def test_equal_weights_are_no_weights() -> None:
    loss = AnswerLoss(QUESTIONS)
    torch.testing.assert_close(loss(*scores(), ANSWERS, torch.full((3,), 4.0)), loss(*scores(), ANSWERS))


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
