"""Trials of benchmarks/steering_ablations.py: steered models trained and evaluated on the same split and embedder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

import personaspace as ps
from personaspace.embedding.base import Embedder
from personaspace.embedding.registry import make_embedder
from personaspace.evaluation.evaluation_sets import EvaluationSet, evaluation_sets
from personaspace.evaluation.measures.metrics import ece, log_loss, macro_accuracy
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.rows.baselines import embedder_alone, majority
from personaspace.evaluation.rows.language_model_rows import given_weights, individual, question_prior
from personaspace.evaluation.rows.similar_question import own_similar_answer, similar_question_majority
from personaspace.newquestions.features import Features, TextFeatures
from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.newquestions.log_odds import log_odds
from personaspace.newquestions.option_weights import Axes
from personaspace.steer import steered_lm
from personaspace.steer.forward.attach import Form, Placement
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import question_prompt
from personaspace.steer.protocols import vectors_of
from personaspace.steer.soft_prompts.base import SoftPromptSettings
from personaspace.steer.soft_prompts.initialization import new_soft_prompt
from personaspace.steer.training.examples import Pairs, training_and_validation
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

CHECKED = 2000
SETS = ("held-out answers", "unseen respondents K=5", "held-out questions")
METRICS = {"accuracy": macro_accuracy, "log-loss": log_loss, "ECE": ece}
OF = TextFeatures.of


def _words_alone(texts: TextFeatures, questions: Sequence[Question], _: FloatArray | None = None) -> Features:
    return OF(texts, questions)


WORDS_ONLY = (TextFeatures, "of", _words_alone)

Change = tuple[Any, str, Any]
Cells = dict[str, float]


class OnlyPoints:
    """An embedder that predicts answers but does not embed, so that training vectors are not cross-fitted."""

    def __init__(self, embedder: Embedder, survey: Survey) -> None:
        self.ids_, self.respondents_ = embedder.ids_, vectors_of(embedder, survey)
        self.predict_questions = embedder.predict_questions


@dataclass(frozen=True)
class Trial:
    """A steered model to train.

    Attributes:
        name: Its row in the table.
        soft_prompt: The soft-prompting model, by name or by its settings.
        tokens: How many virtual tokens.
        placement: Of the virtual tokens.
        form: Of the virtual tokens.
        changes: Constants of the library set to another value meanwhile: module, name, value.
        cross_fitted: Whether training vectors are cross-fitted.
    """

    name: str
    soft_prompt: str | SoftPromptSettings = "informed"
    tokens: int = 2
    placement: Placement = "after"
    form: Form = "prefix"
    changes: tuple[Change, ...] = ()
    cross_fitted: bool = True


class Clock:
    """Seconds of computing that the steps of a training take, from those between the first and the last.

    Before the first the questions are read, and the last is followed by a check; with two steps or fewer all counts.
    """

    def __init__(self) -> None:
        self.times = [time.process_time()]

    def __call__(self, stage: str, *_: object) -> None:
        """A step of some stage has ended."""
        if stage == "steering":
            self.times.append(time.process_time())

    @property
    def seconds(self) -> float:
        """Of all steps together."""
        steps = len(self.times) - 1
        inner = self.times[1:-1] if steps > 2 else self.times
        return (inner[-1] - inner[0]) / (len(inner) - 1) * steps


class Ground:
    """A survey that is split, embedded, and evaluated on samples, for one seed.

    Args:
        survey: The whole.
        model: The frozen model.
        seed: Of split, embedder and steering.
        answers: Answers of each evaluation set that are predicted, at most.
        checked: Validation answers that the temperature is fitted on, at most.
    """

    def __init__(
        self, survey: ps.Survey, model: LanguageModel, seed: int, answers: int, checked: int = CHECKED
    ) -> None:
        self.model, self.seed, self.checked = model, seed, checked
        self.parts = ps.split(survey, seed=seed)
        self.train = self.parts.train
        self.embedder = make_embedder("lightgcn", seed=seed).fit(self.train)
        sets = evaluation_sets(self.embedder, self.parts, known=(5,))
        self.sets = [replace(at, test=sampled(at.test, answers)) for at in sets if at.name in SETS]

    def measure(self, trial: Trial, pairs: int, sets: tuple[str, ...] = SETS) -> Cells:
        """Train on so many pairs, repeated where the survey has fewer, and evaluate on these sets."""
        available = int((~validation_mask(self.train)).sum())
        epochs = -(-pairs // available)
        each, clock = round(pairs / epochs), Clock()
        ends = {"epochs": epochs, "checks": 1, "patience": epochs, "check_pairs": self.checked}
        settings = ps.TrainSettings(seed=self.seed, **ends)
        names = ("soft_prompt", "tokens", "placement", "form")
        options: dict[str, Any] = {name: getattr(trial, name) for name in names}
        lm = ps.SteeredLM(self.model, settings=settings, **options)
        with ExitStack() as stack:
            for change in (*trial.changes, (steered_lm, "training_and_validation", drawing(each, self.seed))):
                stack.enter_context(patch.object(*change))
            embedder = self.embedder if trial.cross_fitted else OnlyPoints(self.embedder, self.train)
            lm.fit(self.train, embedder, on_step=clock)
            found = self.evaluated(lambda at: individual(lm, at.vectors, at.test), sets)
        return {"pairs": each * epochs, "seconds": clock.seconds, **found}

    def baselines(self) -> dict[str, Callable[[], Cells]]:
        """Methods without a language model, by name."""
        embedder, train = self.embedder, self.train
        of_new = SETS[2:]
        return {
            "majority": lambda: self.evaluated(lambda at: majority(train, at.test)),
            "embedder alone": lambda: self.evaluated(
                lambda at: embedder_alone(embedder, at.vectors, at.test), SETS[:2]
            ),
            "similar question": lambda: self.evaluated(lambda at: similar_question_majority(train, at.test), of_new),
            "own similar answer": lambda: self.evaluated(
                lambda at: own_similar_answer(train, at.test, at.known), of_new
            ),
            "question prior, from words": lambda: self.question_prior(WORDS_ONLY),
            "question prior, from words and states": lambda: self.question_prior(),
        }

    def question_prior(self, *changes: Change) -> Cells:
        """The question prior alone, from words or from words and the frozen model's states."""
        questions, vectors = self.train.questions, vectors_of(self.embedder, self.train)
        states = torch.stack([self.model.read(question_prompt(question)).features for question in questions])
        with ExitStack() as stack:
            for change in changes:
                stack.enter_context(patch.object(*change))
            lm = ps.SteeredLM(self.model)
            weights = log_odds(self.train, self.embedder, vectors)
            lm.prior_ = QuestionPrior(questions, weights, Axes.of(vectors), states.double().numpy())
            lm.soft_prompt_ = new_soft_prompt(lm.kind, vectors.shape[1], self.model, lm.attachment, self.seed)
            return self.evaluated(lambda at: question_prior(partial(given_weights, lm), at.vectors, at.test))

    def evaluated(self, predict: Callable[[EvaluationSet], Predictions], names: tuple[str, ...] = SETS) -> Cells:
        """Metrics of predictions of these evaluation sets."""
        cells = (scores(at.name, predict(at)) for at in self.sets if at.name in names)
        return {name: value for some in cells for name, value in some}


def scores(name: str, predictions: Predictions) -> Iterator[tuple[str, float]]:
    """Accuracy (macro), log-loss and calibration error, every respondent counting 1."""
    for label, metric in METRICS.items():
        yield f"{name}: {label}", float(metric(predictions))


def sampled(survey: ps.Survey, most: int) -> ps.Survey:
    """At most so many answers, the same ones every time."""
    if len(survey.answers) <= most:
        return survey
    return survey.with_answers(np.sort(np.random.default_rng(0).choice(len(survey.answers), most, replace=False)))


def drawing(pairs: int, seed: int) -> Callable[..., tuple[Pairs, Pairs]]:
    """As :func:`personaspace.steer.training.examples.training_and_validation`, with only so many pairs to train on."""

    def drawn(*arguments: Any) -> tuple[Pairs, Pairs]:
        train, check = training_and_validation(*arguments)
        return train.sample(pairs, seed), check

    return drawn
