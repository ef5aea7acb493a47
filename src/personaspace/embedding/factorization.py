"""Matrix factorisation: answers as numbers on a scale (the published recipe), or as choices between options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from personaspace.embedding.base import (
    Embedder,
    OnEpoch,
    Vectors,
    ascending,
    check_between,
    check_learnable,
    check_whole,
)
from personaspace.embedding.fold_in import Prior, fold_in_choices, fold_in_numbers
from personaspace.embedding.learners import NumberLearner, OptionLearner
from personaspace.embedding.scale import LEAST_VARIANCE, answer_places, as_choice
from personaspace.embedding.training import train
from personaspace.errors import unknown
from personaspace.survey.answers import Answers
from personaspace.survey.split import early_stopping
from personaspace.survey.survey import Survey

LEARNERS: dict[str, type[NumberLearner] | type[OptionLearner]] = {
    "squared": NumberLearner,
    "cross-entropy": OptionLearner,
}


@dataclass(eq=False)
class Factorization(Embedder):
    """One vector per respondent and one per question (squared error) or per option (cross-entropy).

    ``loss="squared"`` is the recipe of arXiv 2311.04978, plus a bias per question: with the chosen option's place
    r_ij in [0, 1], minimise the mean of (<u_i, q_j> + b_j - r_ij)^2 by Adam, learning rate 1e-3, in batches of 2048
    answers. Options beside the scale ("Not sure") are left out of its loss. The number becomes a probability of every
    option by :func:`personaspace.embedding.scale.as_choice`.

    ``loss="cross-entropy"`` minimises the mean of -log softmax over the question's options of <u_i, v_o> + b_o, with
    u_i ~ Normal(0, 1) before any answer.

    Respondents are placed by fold-in, seen or not: the most probable vector given their answers and the normal
    distribution of the training respondents' vectors (module :mod:`personaspace.embedding.fold_in`).

    Attributes:
        loss: ``"squared"`` or ``"cross-entropy"``.
        learning_rate: Adam's; by default 1e-3 for squared error, else 0.05 falling along half a cosine.
        epochs: Epochs at most.
        patience: Epochs without improvement on the early-stopping answers before training ends.
        numbers_: q and b side by side, shape ``[questions, dim + 1]``; no rows for cross-entropy.
        variance_: Of the residuals, shape ``[1]``.
        prior_: Mean of the respondents' vectors and the inverse of their covariance, shape ``[1 + dim, dim]``.

    Raises:
        SettingError: A setting is outside what is allowed.
        UnknownNameError: The loss is neither of the two.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100)
        >>> Factorization(dim=4, loss="cross-entropy", epochs=2).fit(survey).embed(survey).shape
        (100, 4)
    """

    name: ClassVar[str] = "factorization"
    tensors: ClassVar[tuple[str, ...]] = (*Embedder.tensors, "numbers_", "variance_", "prior_")

    dim: int = 16
    seed: int = 0
    loss: str = "squared"
    learning_rate: float | None = None
    epochs: int = 20
    patience: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.loss not in LEARNERS:
            raise unknown("loss", self.loss, LEARNERS)
        check_whole("epochs", self.epochs, least=1)
        check_whole("patience", self.patience, least=1)
        if self.learning_rate is not None:
            check_between("learning_rate", self.learning_rate, 0, 10)
        self.numbers_: Vectors
        self.variance_: Vectors
        self.prior_: Vectors

    def fit(self, survey: Survey, on_epoch: OnEpoch | None = None) -> Self:
        """Learn all vectors; see :meth:`Embedder.fit`."""
        check_learnable(survey)
        watched = early_stopping(survey)
        kept = ascending(survey.answers.where(~watched))
        watch = survey.answers.where(watched) if watched.any() else kept
        learner = LEARNERS[self.loss](survey, kept, self.dim, self.seed)
        train(
            [(tensor, self.learning_rate or learner.learning_rate) for tensor in learner.parameters],
            learner.losses,
            lambda: learner.mean_loss(watch),
            epochs=self.epochs,
            patience=self.patience,
            decay=self.loss == "cross-entropy",
            on_epoch=on_epoch,
        )
        self.ids_, self.questions_ = survey.respondents, survey.questions
        self._learn(learner, kept)
        self.respondents_ = self._placed(kept, len(survey.respondents))
        return self

    def embed(self, survey: Survey) -> Vectors:
        """Place respondents by fold-in; see :meth:`Embedder.embed`."""
        return self._placed(self._known_answers(survey), len(survey.respondents))

    def _learn(self, learner: NumberLearner | OptionLearner, answers: Answers) -> None:
        respondents, vectors, bias = (tensor.detach().numpy() for tensor in learner.parameters)
        prior = Prior.of(respondents)
        self.prior_ = np.vstack([prior.mean, prior.precision]).astype(np.float32)
        self.numbers_, self.variance_ = np.empty((0, self.dim + 1), np.float32), np.ones(1, np.float32)
        if isinstance(learner, NumberLearner):
            self.numbers_ = np.column_stack([vectors, bias])
            self.variance_ = np.array([max(learner.mean_loss(learner.answers), LEAST_VARIANCE)], np.float32)
            vectors, bias = as_choice(vectors, bias, respondents, answers, np.diff(self.offsets_))
        self.options_, self.bias_ = vectors.astype(np.float32), bias.astype(np.float32)

    def _placed(self, answers: Answers, respondents: int) -> Vectors:
        """The most probable vectors of respondents, shape ``[respondents, dim]``."""
        prior = Prior(self.prior_[0].astype(np.float64), self.prior_[1:].astype(np.float64))
        if self.loss == "cross-entropy":
            options, bias = self.options_.astype(np.float64), self.bias_.astype(np.float64)
            return fold_in_choices(answers, respondents, options, bias, self.offsets_, prior).astype(np.float32)
        place = answer_places(self.questions_, answers)
        vectors, bias = np.split(self.numbers_.astype(np.float64), [self.dim], axis=1)
        answers, place = answers.where(on := ~np.isnan(place)), place[on]
        values = place - bias[answers.question, 0]
        return fold_in_numbers(answers, values, respondents, vectors, float(self.variance_[0]), prior).astype(
            np.float32
        )
