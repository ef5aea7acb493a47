"""Matrix factorization: answers as numbers on a scale (the published recipe), or as choices between options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from personaspace.checks import check_number, check_whole
from personaspace.embedding.base import Embedder, OnEpoch
from personaspace.embedding.calibrated import Calibrated
from personaspace.embedding.factorization.fold_in import Prior, fold_in_choices, fold_in_numbers
from personaspace.embedding.factorization.option_values import answer_values, options_of_numbers
from personaspace.errors import SettingError, unknown
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import IntArray, Vectors
from personaspace.survey.question import Question, offsets_of
from personaspace.survey.survey import Survey
from personaspace.survey.validation import training_and_validation_answers

if TYPE_CHECKING:
    from personaspace.embedding.factorization.gradient import Learner

LOSSES, SOLVERS = ("squared", "cross-entropy"), ("gradient", "alternating")


@dataclass(eq=False)
class Factorization(Calibrated):
    """Matrix factorization: a vector per respondent and per question (squared error) or option (cross-entropy).

    ``loss="squared"`` is the recipe of arXiv 2311.04978, plus a bias per question: with the chosen option's position
    r_ij in [0, 1], minimise the mean of (<u_i, q_j> + b_j - r_ij)^2 by Adam, learning rate 1e-3, in batches of 2048
    answers (1/64 of them where there are fewer than 131,072). Options without a position ("Not sure") are left out of
    its loss. The number becomes a probability of every option by
    :func:`personaspace.embedding.factorization.option_values.options_of_numbers`.

    ``solver="alternating"`` fits the same numbers by ridge regressions in closed form, respondents and questions in
    turn, without a learning rate, and with a variance per question
    (:class:`personaspace.embedding.factorization.als.ALSLearner`).

    ``loss="cross-entropy"`` minimises the mean of -log softmax over the question's options of <u_i, v_o> + b_o, with
    u_i ~ Normal(0, 1) before any answer. With ``solver="alternating"`` it does so by EM, in ridge regressions that
    count how uncertain the respondents' vectors are (:class:`personaspace.embedding.factorization.em.EMLearner`): the
    most accurate of the four.

    Respondents are placed by fold-in, seen or not: the most probable vector given their answers and the normal
    distribution of the training respondents' vectors (module :mod:`personaspace.embedding.factorization.fold_in`).

    Attributes:
        loss: ``"squared"`` or ``"cross-entropy"``.
        solver: ``"gradient"``, or ``"alternating"``.
        weighted: Whether squared error counts respondents by their survey weights.
        learning_rate: Adam's; by default 1e-3 for squared error, else 0.05 falling along half a cosine.
        epochs: Epochs at most.
        patience: Epochs without improvement on the validation answers before training ends.
        placing_: The vectors and biases by which respondents are placed: q and b side by side, shape
            ``[questions, dim + 1]``; for cross-entropy v and b before calibration, shape ``[options, dim + 1]``.
        variance_: Of the residuals, shape ``[questions]``; a single 1 for cross-entropy.
        prior_: Mean of the respondents' vectors and the inverse of their covariance, shape ``[1 + dim, dim]``.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100)
        >>> Factorization(dim=4, loss="cross-entropy", epochs=2).fit(survey).embed(survey).shape
        (100, 4)
    """

    name: ClassVar[str] = "factorization"
    tensors: ClassVar[tuple[str, ...]] = (*Embedder.tensors, "placing_", "variance_", "prior_")

    dim: int = 16
    seed: int = 0
    loss: str = "squared"
    solver: str = "gradient"
    weighted: bool = False
    learning_rate: float | None = None
    epochs: int = 20
    patience: int = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        self.placing_: Vectors
        self.variance_: Vectors
        self.prior_: Vectors

    def check(self) -> None:
        """Check all settings; see :meth:`Settings.check`."""
        super().check()
        if self.loss not in LOSSES:
            raise unknown("loss", str(self.loss), LOSSES)
        if self.solver not in SOLVERS:
            raise unknown("solver", str(self.solver), SOLVERS)
        if self.loss != "squared" and self.weighted:
            raise SettingError(f"loss is {self.loss!r}: survey weights need loss='squared'")
        check_whole("epochs", self.epochs, least=1)
        check_whole("patience", self.patience, least=1)
        if self.learning_rate is not None:
            check_number("learning_rate", self.learning_rate, 0, 10, above=True)

    def _learn(self, survey: Survey, on_epoch: OnEpoch | None) -> None:
        training, validation = training_and_validation_answers(survey)
        learner = self._learner(survey, training)
        learner.fit(
            lambda: learner.mean_loss(validation),
            learning_rate=self.learning_rate,
            epochs=self.epochs,
            patience=self.patience,
            on_epoch=on_epoch,
        )
        self._take_over(learner, training, survey.offsets)

    def shapes(
        self, respondents: int, questions: Sequence[Question], traits: Sequence[Question] = ()
    ) -> dict[str, tuple[int, ...]]:
        """The shape of every array; see :meth:`Embedder.shapes`."""
        common, asked = super().shapes(respondents, questions), [*questions, *traits]
        placing, variance = (len(asked), len(asked)) if self.loss == "squared" else (int(offsets_of(asked)[-1]), 1)
        own = {"placing_": (placing, self.dim + 1), "variance_": (variance,), "prior_": (1 + self.dim, self.dim)}
        return common | own

    def embed(self, survey: Survey) -> Vectors:
        """Place respondents by fold-in; see :meth:`Embedder.embed`."""
        answers, respondents = self.known_answers(survey), len(survey.respondents)
        prior = Prior(self.prior_[0].astype(np.float64), self.prior_[1:].astype(np.float64))
        placing = self.placing_.astype(np.float64)
        vectors, bias, offsets = placing[:, :-1], placing[:, -1], offsets_of(self.placed_by_)
        if self.loss == "cross-entropy":
            return fold_in_choices(answers, respondents, vectors, bias, offsets, prior).astype(np.float32)
        values = answer_values(self.placed_by_, answers)
        answers, values = answers.where(known := ~np.isnan(values)), values[known]
        values = values - bias[answers.question]
        variance = self.variance_.astype(np.float64)
        return fold_in_numbers(answers, values, respondents, vectors, variance, prior).astype(np.float32)

    def _learner(self, survey: Survey, answers: Answers) -> Learner:
        from personaspace.embedding.factorization.als import ALSLearner
        from personaspace.embedding.factorization.em import EMLearner
        from personaspace.embedding.factorization.gradient import NumberLearner, OptionLearner

        if self.loss == "cross-entropy":
            of_choices = OptionLearner if self.solver == "gradient" else EMLearner
            return of_choices(survey, answers, self.dim, self.seed)
        kind = NumberLearner if self.solver == "gradient" else ALSLearner
        return kind(survey, answers, self.dim, self.seed, survey.relative_weight if self.weighted else None)

    def _take_over(self, learner: Learner, answers: Answers, offsets: IntArray) -> None:
        """Set the fitted arrays, but for the respondents' vectors."""
        respondents, vectors, bias = (tensor.detach().numpy() for tensor in learner.parameters)
        prior = learner.prior()
        self.prior_ = np.vstack([prior.mean, prior.precision]).astype(np.float32)
        self.placing_ = np.column_stack([vectors, bias]).astype(np.float32)
        self.variance_ = learner.variance().astype(np.float32)
        if self.loss == "squared":
            vectors, bias = options_of_numbers(vectors, bias, respondents, answers, np.diff(offsets))
        self.options_, self.bias_ = vectors.astype(np.float32), bias.astype(np.float32)
