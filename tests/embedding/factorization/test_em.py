from __future__ import annotations

import numpy as np

from personaspace.embedding.factorization.em import EMLearner
from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.evaluation.measures.metrics import log_loss
from personaspace.evaluation.rows.baselines import embedder_alone
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate
from personaspace.survey.split import split
from personaspace.survey.survey import Survey

PEOPLE, QUESTIONS = 1500, 20


def answered(options: FloatArray) -> Survey:
    """People u ~ Normal(0, 1) who choose among three options with the softmax of <u, v_o>; 60% of all answers."""
    rng = np.random.default_rng(1)
    option_softmax = OptionSoftmax(3 * np.arange(QUESTIONS + 1))
    chosen = option_softmax.draw(option_softmax.softmax(rng.normal(size=(PEOPLE, 2)) @ options.T), rng)
    rows, columns = np.nonzero(rng.random(chosen.shape) < 0.6)
    three = tuple(Option(text) for text in "abc")
    questions = tuple(Question(f"q{j}", f"Which of {j}?", three) for j in range(QUESTIONS))
    return Survey(tuple(f"r{i}" for i in range(PEOPLE)), questions, Answers(rows, columns, chosen[rows, columns]))


def learned(survey: Survey, epochs: int = 40) -> FloatArray:
    """Option vectors after so many epochs, of mean 0 over each question's options."""
    learner, losses = EMLearner(survey, survey.answers, 2, 0), iter(range(epochs, 0, -1))
    learner.fit(lambda: next(losses), learning_rate=None, epochs=epochs, patience=1, on_epoch=None)
    return centred(learner.parameters[1].double().numpy())


def centred(options: FloatArray) -> FloatArray:
    parts = options.reshape(QUESTIONS, 3, 2)
    apart: FloatArray = (parts - parts.mean(axis=1, keepdims=True)).reshape(-1, 2)
    return apart


def test_the_planted_options_are_found() -> None:
    """But for a rotation, so that what options share is compared, and shorter, as of so few answers is right."""
    planted = centred(np.random.default_rng(0).normal(0, 0.8, (3 * QUESTIONS, 2)))
    found = learned(answered(planted))
    assert np.corrcoef((found @ found.T).ravel(), (planted @ planted.T).ravel())[0, 1] > 0.95
    assert 0.3 < (found**2).sum() / (planted**2).sum() < 1


def test_noise_is_not_learned() -> None:
    found = learned(answered(np.zeros((3 * QUESTIONS, 2))))
    assert np.sqrt((found**2).sum(axis=1).mean()) < 0.1


def test_it_predicts_better_than_gradient_descent() -> None:
    parts = split(simulate(respondents=800, seed=2), held_out_questions=0, seed=0)
    em, gradient = (
        Factorization(dim=8, loss="cross-entropy", solver=solver).fit(parts.train)
        for solver in ("alternating", "gradient")
    )
    losses = [float(log_loss(embedder_alone(f, f.respondents_, parts.held_out_answers))) for f in (em, gradient)]
    assert losses[0] < losses[1]
