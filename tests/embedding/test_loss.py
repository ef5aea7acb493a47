"""The loss: weights count, the order of options counts, and nobody who counts nothing is learned from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from personaspace.embedding.autoencoder import Autoencoder
from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.embedding.loss import AnswerLoss
from personaspace.embedding.option_softmax import UNANSWERED
from personaspace.errors import SettingError, UnknownNameError
from personaspace.survey.arrays import BoolArray
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

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


def test_the_loss_is_weighted_surprise_and_ranked_probability_score() -> None:
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


@pytest.mark.parametrize(
    "embedder", [Autoencoder(dim=8, epochs=2, weighted=True), LightGCN(dim=8, epochs=2, weighted=True)]
)
def test_weights_change_what_is_learned(embedder: Autoencoder | LightGCN) -> None:
    survey = simulate(respondents=200, seed=0)
    alike = embedder.fit(replace(survey, weights=np.ones(200))).options_
    weights = np.where(np.arange(200) % 2, 1.9, 0.1)
    assert not np.allclose(embedder.fit(replace(survey, weights=weights)).options_, alike)


@pytest.mark.parametrize(
    "embedder",
    [
        Autoencoder(dim=8, epochs=1, weighted=True),
        LightGCN(dim=8, epochs=1, weighted=True),
        Factorization(dim=4, solver="alternating", loss="squared", weighted=True, epochs=2),
        Factorization(dim=4, loss="squared", weighted=True, epochs=1),
    ],
)
def test_the_scale_of_the_weights_changes_nothing(embedder: Autoencoder | LightGCN | Factorization) -> None:
    survey = simulate(respondents=100, seed=0)
    one, other = (
        embedder.fit(replace(survey, weights=scale * survey.weight)).predict(embedder.respondents_).copy()
        for scale in (1, 1000)
    )
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_the_autoencoder_learns_nothing_from_who_weighs_nothing() -> None:
    survey = simulate(respondents=400, seed=0)
    nothing = np.arange(400) < 200
    survey = replace(survey, weights=np.where(nothing, 0.0, 1.0))
    changed = _other_answers(survey, nothing)
    one, other = (Autoencoder(dim=4, epochs=1, weighted=True, patience=1).fit(each) for each in (survey, changed))
    moved = np.abs(one.encoder_ - other.encoder_).max()
    unweighted = (Autoencoder(dim=4, epochs=1, patience=1).fit(each).encoder_ for each in (survey, changed))
    assert moved < 1e-6 < np.abs(np.subtract(*unweighted)).max()


def _other_answers(survey: Survey, who: BoolArray) -> Survey:
    answers, sizes = survey.answers, np.diff(survey.offsets)
    change = who[answers.respondent] & ~validation_mask(survey)
    option = np.where(change, (answers.option + 1) % sizes[answers.question], answers.option)
    return replace(survey, answers=replace(answers, option=option))


def test_question_nodes_put_a_question_s_options_on_one_line() -> None:
    survey = simulate(respondents=100, seed=0)
    embedder = LightGCN(dim=8, epochs=1, layers=1, nodes="questions").fit(survey)
    for j, question in enumerate(survey.questions):
        block = embedder.options_[survey.offsets[j] : survey.offsets[j + 1]]
        signs = np.nan_to_num(2 * question.positions - 1)
        np.testing.assert_allclose(block, np.outer(signs, block[np.argmax(signs)]), atol=1e-6)


def test_settings_outside_what_is_allowed() -> None:
    with pytest.raises(UnknownNameError, match="unknown kind of nodes 'option'"):
        LightGCN(nodes="option")
    with pytest.raises(SettingError, match="ordinal is -1"):
        Autoencoder(ordinal=-1)
    with pytest.raises(SettingError, match=r"hidden is 1\.5"):
        Autoencoder(hidden=(0.2, 1.5))
