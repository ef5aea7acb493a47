"""Trials of benchmarks/new_questions.py: pilots of held-out questions, and how well everybody else is predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

import personaspace as ps
from personaspace.embedding.base import Embedder
from personaspace.evaluation.measures.metrics import FLOOR
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.rows.baselines import BACKOFF
from personaspace.evaluation.rows.similar_question import own_similar_answer, similar_question_majority
from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.newquestions.new_question import NewQuestion
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray
from personaspace.survey.question import Question, offsets_of
from personaspace.survey.question_groups import GROUPINGS, question_groups
from personaspace.survey.split import Split
from personaspace.survey.survey import Survey

BINS = 15
OURS, PEER = "prior + pilot", "pilot's majority"
ONE_BY_ONE = "one by one"


@dataclass(frozen=True, eq=False)
class Scores:
    """How well one method predicts, by draw of the pilot and by question.

    Attributes:
        accuracy: Share of the answers predicted, shape ``[draws, questions]``.
        loss: Mean surprise of an answer, the same shape.
        answers: How many were predicted, the same shape.
        gap: Sum of hits minus confidence in each bin of confidence, shape ``[draws, questions, bins]``.
        hits: By respondent, shape ``[draws, respondents]``.
        counted: Answers by respondent, the same shape.
    """

    accuracy: FloatArray
    loss: FloatArray
    answers: FloatArray
    gap: FloatArray
    hits: FloatArray
    counted: FloatArray

    @classmethod
    def empty(cls, draws: int, questions: int, respondents: int) -> Scores:
        """Nothing predicted yet."""
        by_question, by_respondent = (draws, questions), (draws, respondents)
        shapes = (by_question, by_question, by_question, (*by_question, BINS), by_respondent, by_respondent)
        return cls(*map(np.zeros, shapes))

    def add(self, at: tuple[int, int], probabilities: FloatArray, option: IntArray, respondent: IntArray) -> None:
        """Count the answers to one question; of options equally likely the first one is predicted."""
        hit = probabilities.argmax(axis=1) == option
        confidence = probabilities.max(axis=1)
        place = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
        chosen = probabilities[np.arange(len(option)), option]
        self.accuracy[at], self.loss[at] = hit.mean(), -np.log(np.maximum(chosen, FLOOR)).mean()
        self.answers[at], self.gap[at] = len(option), np.bincount(place, hit - confidence, BINS)
        self.hits[at[0], respondent] += hit
        self.counted[at[0], respondent] += 1

    def measured(self, weights: FloatArray) -> dict[str, FloatArray]:
        """Every metric, averaged over draws, with weights of the questions ``[resamples, questions]``."""
        total = weights.sum(axis=1)
        gaps = np.abs(np.einsum("rq,dqb->drb", weights, self.gap)).sum(axis=2)
        return {
            "accuracy": (self.accuracy @ weights.T).mean(axis=0) / total,
            "log-loss": (self.loss @ weights.T).mean(axis=0) / total,
            "ECE": (gaps / (self.answers @ weights.T)).mean(axis=0),
        }

    @property
    def by_respondent(self) -> float:
        """Accuracy of each respondent, averaged over respondents: the macro accuracy of ``personaspace evaluate``."""
        return float(np.mean([np.mean(h[c > 0] / c[c > 0]) for h, c in zip(self.hits, self.counted, strict=True)]))


@dataclass(frozen=True, eq=False)
class Coverage:
    """Whether intervals of everybody's shares hold those of the people who answered, a list entry per question."""

    held: list[float] = field(default_factory=list)
    width: list[float] = field(default_factory=list)
    away: list[float] = field(default_factory=list)

    def add(self, asked: NewQuestion, true: FloatArray) -> None:
        """Compare one question's; ``away`` is half the sum of the differences of the shares."""
        poll = asked.everybody()
        assert poll.low is not None and poll.high is not None  # noqa: S101  (there are intervals of new questions)
        low, high = poll.low.to_numpy()[0], poll.high.to_numpy()[0]
        self.held.append(float(((low <= true) & (true <= high)).mean()))
        self.width.append(float((high - low).mean()))
        self.away.append(float(np.abs(poll.probabilities.to_numpy()[0] - true).sum() / 2))


class Pilots:
    """Pilots of a split's held-out questions, of respondents drawn at random; everybody else is predicted.

    The respondents' vectors come from their training answers, which hold no held-out question.

    Args:
        embedder: Fitted on ``split.train``.
        parts: The split.
        sizes: Of the pilots.
        draws: Pilots of each size; a smaller pilot is the beginning of a larger one.
        trait: Of the pilot's group majority.
    """

    def __init__(self, embedder: Embedder, parts: Split, sizes: tuple[int, ...], draws: int, trait: str) -> None:
        self.embedder, self.parts, self.sizes, self.draws, self.trait = embedder, parts, sizes, draws, trait
        self.test = parts.held_out_questions
        counts = np.bincount(self.test.answers.question, minlength=len(self.test.questions))
        self.asked = np.flatnonzero(counts > max(sizes))
        self.space = ps.NewQuestions(embedder, parts.train)
        self.values = value_of(self.test, trait)

    def one_by_one(self) -> tuple[dict[tuple[str, int], Scores], dict[int, Coverage]]:
        """Scores by method and size of the pilot, and the intervals' coverage by size."""
        scores: dict[tuple[str, int], Scores] = {}
        coverage = {n: Coverage() for n in (0, *self.sizes)}

        def add(method: str, n: int, draw: int, place: int, rows: IntArray, probabilities: FloatArray) -> None:
            found = scores.setdefault((method, n), self._empty(self.draws if n else 1))
            answers = self.test.answers
            found.add((draw, place), probabilities, answers.option[rows], answers.respondent[rows])

        whole = {
            "similar question": similar_question_majority(self.parts.train, self.test),
            "own similar answer": own_similar_answer(self.parts.train, self.test, self.parts.train),
        }
        for place, (question, rows) in enumerate(self._questions()):
            asked, true = self.space.ask(question), self._shares(question, rows)
            shares = {option.text: share for option, share in zip(question.options, true.tolist(), strict=True)}
            told = asked.topline(shares, n=len(rows))
            add(OURS, 0, 0, place, rows, self._predicted(asked, rows))
            add("prior + true topline", 0, 0, place, rows, self._predicted(told, rows))
            add("true topline", 0, 0, place, rows, np.broadcast_to(true, (len(rows), len(true))))
            for method, predictions in whole.items():
                add(method, 0, 0, place, rows, _rows_of(predictions, rows, len(true)))
            coverage[0].add(asked, true)
            for draw, n, pilot, others in self._pilots(place, rows):
                informed = asked.pilot(self._answers(question, pilot))
                add(OURS, n, draw, place, others, self._predicted(informed, others))
                everybody, groups = self._majorities(question, pilot)
                add(PEER, n, draw, place, others, np.broadcast_to(everybody, (len(others), len(everybody))))
                group = groups[self.values[self.test.answers.respondent[others]]]
                add(f"group majority of the pilot: {self.trait}", n, draw, place, others, group)
                coverage[n].add(informed, true)
        return scores, coverage

    def without_groups(self, group: IntArray) -> dict[tuple[str, int], Scores]:
        """Scores where the prior has not learnt from any question of the asked one's group.

        The kernels' settings stay those found on all training questions.

        Args:
            group: Of each question of the whole survey.
        """
        index = self.parts.survey.question_index
        known = np.array([group[index[question.id]] for question in self.parts.train.questions])
        spaces: dict[int, ps.NewQuestions] = {}
        scores = {(OURS, n): self._empty(self.draws if n else 1) for n in (0, *self.sizes)}
        for place, (question, rows) in enumerate(self._questions()):
            own = int(group[index[question.id]])
            if own not in spaces:
                spaces[own] = ps.NewQuestions(self.embedder, self.parts.train, learnt_from(self.prior, known != own))
            asked, answers = spaces[own].ask(question), self.test.answers
            trials = [(0, 0, rows[:0], rows), *self._pilots(place, rows)]
            for draw, n, pilot, others in trials:
                informed = asked.pilot(self._answers(question, pilot)) if n else asked
                predicted = self._predicted(informed, others)
                scores[OURS, n].add((draw, place), predicted, answers.option[others], answers.respondent[others])
        return scores

    @cached_property
    def prior(self) -> QuestionPrior:
        """The question prior learnt from all training questions."""
        return self.space.prior

    def _empty(self, draws: int) -> Scores:
        return Scores.empty(draws, len(self.asked), len(self.test.respondents))

    def _questions(self) -> Iterator[tuple[Question, IntArray]]:
        """The questions asked, each with the rows of its answers."""
        for j in self.asked:
            yield self.test.questions[j], np.flatnonzero(self.test.answers.question == j)

    def _pilots(self, place: int, rows: IntArray) -> Iterator[tuple[int, int, IntArray, IntArray]]:
        """Draw, size, the pilot's answers and those of everybody else."""
        for draw in range(self.draws):
            order = np.random.default_rng([self.parts.settings.seed, place, draw]).permutation(rows)
            for n in self.sizes:
                yield draw, n, order[:n], np.sort(order[n:])

    def _answers(self, question: Question, rows: IntArray) -> dict[str, object]:
        """Answers by respondent, as they are given to :meth:`NewQuestion.pilot`."""
        answers, ids = self.test.answers, self.test.respondents
        return {ids[answers.respondent[row]]: question.options[answers.option[row]].text for row in rows}

    def _predicted(self, asked: NewQuestion, rows: IntArray) -> FloatArray:
        return asked.belief.probabilities(asked.people.places[self.test.answers.respondent[rows]])

    def _shares(self, question: Question, rows: IntArray) -> FloatArray:
        """Weighted shares of the options among those who answered."""
        answers = self.test.answers
        weight = self.test.weight[answers.respondent[rows]]
        counts = np.bincount(answers.option[rows], weight, len(question.options))
        shares: FloatArray = counts / counts.sum()
        return shares

    def _majorities(self, question: Question, pilot: IntArray) -> tuple[FloatArray, FloatArray]:
        """The pilot's shares, and those of each group, with as many pseudo-counts as the project's own baselines."""
        answers, options = self.test.answers, len(question.options)
        counts = np.bincount(answers.option[pilot], minlength=options) + 1.0
        everybody: FloatArray = counts / counts.sum()
        table = np.zeros((self.values.max() + 2, options))  # the last row for those of whom the trait is not known
        np.add.at(table, (self.values[answers.respondent[pilot]], answers.option[pilot]), 1)
        table[-1] = 0
        table += BACKOFF * everybody
        return everybody, table / table.sum(axis=1, keepdims=True)


def value_of(survey: Survey, trait: str) -> IntArray:
    """The value of a trait of every respondent as a number, -1 where it is missing."""
    return np.asarray(survey.traits[trait].astype("category").cat.codes, dtype=np.int64)


def learnt_from(prior: QuestionPrior, kept: BoolArray) -> QuestionPrior:
    """The prior learnt from only some of its questions, with the same settings of the kernels."""
    if kept.all():
        return prior
    sizes = np.diff(offsets_of(prior.questions))
    questions = [question for question, keep in zip(prior.questions, kept, strict=True) if keep]
    kernels = (prior._regressions[0].settings, prior._regressions[1].settings)
    return QuestionPrior(questions, prior.weights[np.repeat(kept, sizes)], prior.axes, kernels=kernels)


def groups_of(survey: Survey) -> dict[str, IntArray]:
    """The group of each question, by what makes the groups, as it is called in the table."""
    return {f"by {name}": question_groups(survey, name) for name in GROUPINGS}


def _rows_of(predictions: Predictions, rows: IntArray, options: int) -> FloatArray:
    return predictions.probabilities[rows, :options]
