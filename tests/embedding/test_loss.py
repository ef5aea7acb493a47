"""The loss: cross-entropy, weights, and the ranked probability score."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from personaspace.embedding.cross_entropy import UNANSWERED
from personaspace.embedding.loss import AnswerLoss
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
