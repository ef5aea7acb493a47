"""The contract of every embedder: answers in, vectors out, and from vectors the answers again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.errors import NotFittedError, SettingError, SurveyError, unknown
from personaspace.files import write_atomically, write_json, write_tensors
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import IntArray, Vectors
from personaspace.survey.question import Question, offsets_of
from personaspace.survey.stream import SurveyStream
from personaspace.survey.survey import Survey

OnEpoch = Callable[[int, int, float], None]
"""Called after every epoch with the epochs done, the most there can be, and the loss watched for early stopping."""

FORMAT = 1
CONFIG, WEIGHTS = "config.json", "weights.safetensors"


@dataclass(eq=False)
class Embedder(ABC):
    """A collaborative filter: places respondents in a space and predicts their answers from there.

    Every embedder predicts log-linearly: at u, a question is answered with its option o with probability
    p(o | u) = exp(<u, v_o> + b_o) / sum over the options o' of the question of exp(<u, v_o'> + b_o').

    Subclasses are dataclasses whose fields are the settings, checked when constructed. ``fit`` returns the
    embedder itself; fitted attributes end in ``_``.

    Attributes:
        dim: Length of the vectors.
        seed: The same seed and survey give the same vectors, exactly.
        name: The embedder's name on the command line and in tables.
        tensors: Names of the fitted arrays, which are what is saved.
        ids_: Ids of the respondents it was fitted on.
        respondents_: Their vectors, shape ``[respondents, dim]``. They do not know the answers watched for
            early stopping, so that later stages can stop by the same answers.
        options_: One vector v_o per option of every question, shape ``[options, dim]``.
        bias_: One number b_o per option, shape ``[options]``.
        questions_: The questions it was fitted on, in the order of ``options_``.
    """

    name: ClassVar[str]
    tensors: ClassVar[tuple[str, ...]] = ("respondents_", "options_", "bias_")

    dim: int
    seed: int = 0

    def __post_init__(self) -> None:
        check_whole("dim", self.dim, least=1)
        check_whole("seed", self.seed, least=0)
        self.ids_: tuple[str, ...] = ()
        self.questions_: tuple[Question, ...] = ()
        self.respondents_: Vectors
        self.options_: Vectors
        self.bias_: Vectors

    @abstractmethod
    def fit(self, survey: Survey, on_epoch: OnEpoch | None = None) -> Self:
        """Learn the space from a survey's answers.

        Args:
            survey: At least two respondents and one answer.
            on_epoch: Told of every epoch.

        Returns:
            The embedder itself.

        Raises:
            SurveyError: There is nothing to learn from.
        """

    @abstractmethod
    def embed(self, survey: Survey) -> Vectors:
        """Place respondents, seen or not, from any number of answers including none.

        Args:
            survey: Answers to questions the embedder knows (matched by id; others are ignored).

        Returns:
            Vectors of shape ``[respondents, dim]``, in the survey's order.

        Raises:
            NotFittedError: The embedder was not fitted.
            SurveyError: A question has other options than when the embedder was fitted.
        """

    def embed_to(self, stream: SurveyStream, path: str | Path) -> None:
        """Place the respondents of a stream, one block at a time, in a file.

        Args:
            stream: Their answers.
            path: A .npy file to write: float32, shape ``[respondents, dim]``, in the stream's order. Read it with
                ``numpy.load(path, mmap_mode="r")``.

        Raises:
            NotFittedError: The embedder was not fitted.
            SurveyError: A question has other options than when the embedder was fitted.
            RunError: The file cannot be written.
        """
        self._check_fitted()

        def write(temporary: Path) -> None:
            shape = (len(stream.respondents), self.options_.shape[1])
            with temporary.open("wb") as file:
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
                for block in stream.blocks():
                    file.write(self.embed(block).astype("<f4").tobytes())

        write_atomically(Path(path), write)

    def predict(self, vectors: Vectors) -> Vectors:
        """Probability of every option for points of the space.

        Args:
            vectors: Shape ``[n, dim]``.

        Returns:
            Shape ``[n, options]``; the options of one question sum to 1. Columns follow ``questions_``.

        Raises:
            NotFittedError: The embedder was not fitted.
            SettingError: The vectors have another length.
        """
        self._check_fitted()
        vectors = self._checked(vectors)
        return OptionSoftmax(self.offsets_).softmax(vectors @ self.options_.T + self.bias_)

    def predict_questions(self, vectors: Vectors, ids: Sequence[str]) -> list[Vectors]:
        """Probabilities of the options of some questions only.

        Args:
            vectors: Shape ``[n, dim]``.
            ids: Question ids.

        Returns:
            One array of shape ``[n, options of the question]`` per id; rows sum to 1.

        Raises:
            UnknownNameError: The embedder was not fitted on a question.
        """
        self._check_fitted()
        vectors, index = self._checked(vectors), {question.id: j for j, question in enumerate(self.questions_)}
        if missing := [name for name in ids if name not in index]:
            raise unknown("question", missing[0], index)
        places = [slice(self.offsets_[index[name]], self.offsets_[index[name] + 1]) for name in ids]
        scores = (vectors @ self.options_[at].T + self.bias_[at] for at in places)
        return [OptionSoftmax(np.array([0, one.shape[1]])).softmax(one) for one in scores]

    def expected_numbers(self, vectors: Vectors, ids: Sequence[str]) -> Vectors:
        """The number each point of the space is expected to give: sum over the grid of p(o | u) times the number of o.

        Args:
            vectors: Shape ``[n, dim]``.
            ids: Questions that have a scale.

        Returns:
            Shape ``[n, ids]``, in each question's own unit.

        Raises:
            UnknownNameError: The embedder was not fitted on a question.
            SurveyError: A question has no scale.
        """
        chances = self.predict_questions(vectors, ids)
        scale_of = {question.id: question.scale for question in self.questions_}
        expected = np.empty((len(vectors), len(ids)), np.float32)
        for column, (name, chance) in enumerate(zip(ids, chances, strict=True)):
            scale = scale_of[name]
            if scale is None:
                raise SurveyError(f"question {name!r} is answered with a choice, not a number: it has no scale")
            expected[:, column] = chance @ scale.numbers
        return expected

    def save(self, folder: str | Path) -> None:
        """Write config.json and weights.safetensors; :func:`load_embedder` reads them.

        Args:
            folder: Made if missing; an embedder already there is replaced, each file in one step.

        Raises:
            NotFittedError: The embedder was not fitted.
            RunError: The folder cannot be written.
        """
        self._check_fitted()
        questions = [question.to_json() for question in self.questions_]
        config = {"format": FORMAT, "embedder": self.name, "settings": asdict(self), "respondents": list(self.ids_)}
        write_tensors(Path(folder) / WEIGHTS, self.state())
        write_json(Path(folder) / CONFIG, config | {"questions": questions})

    def state(self) -> dict[str, Vectors]:
        """The fitted arrays by name."""
        return {name: getattr(self, name) for name in self.tensors}

    def restore(self, state: Mapping[str, Vectors], ids: Sequence[str], questions: Sequence[Question]) -> None:
        """Become what was fitted.

        Args:
            state: What :meth:`state` gave.
            ids: Of the respondents it was fitted on.
            questions: It was fitted on.

        Raises:
            KeyError: An array is missing.
        """
        for name in self.tensors:
            setattr(self, name, state[name])
        self.ids_, self.questions_ = tuple(ids), tuple(questions)

    @property
    def offsets_(self) -> IntArray:
        """Start of each question's options among the columns, shape ``[questions + 1]``."""
        return offsets_of(self.questions_)

    def _check_fitted(self) -> None:
        if not self.questions_:
            raise NotFittedError(f"this {type(self).__name__} has not learned anything yet: call fit(survey) first")

    def _checked(self, vectors: Vectors) -> Vectors:
        vectors = np.asarray(vectors, np.float32)
        if vectors.ndim != 2 or vectors.shape[1] != self.dim:
            raise SettingError(f"vectors have shape {vectors.shape}, expected [n, {self.dim}]")
        return vectors

    def known_answers(self, survey: Survey) -> Answers:
        """The survey's answers to questions the embedder knows, counted as in ``questions_`` and ascending."""
        self._check_fitted()
        index = {question.id: j for j, question in enumerate(self.questions_)}
        column = np.array([index.get(question.id, -1) for question in survey.questions], np.int64)
        for question, j in zip(survey.questions, column, strict=True):
            if j >= 0 and _texts(question) != _texts(self.questions_[j]):
                raise SurveyError(
                    f"question {question.id!r} has the options {_texts(question)}, but had "
                    f"{_texts(self.questions_[j])} when the embedder was fitted: give it the same options or another id"
                )
        known = survey.answers.where(column[survey.answers.question] >= 0)
        return ascending(replace(known, question=column[known.question]))


def ascending(answers: Answers) -> Answers:
    """The answers by respondent, then question, so that no sum depends on the order they came in."""
    cells = answers.respondent * (answers.question.max(initial=0) + 1) + answers.question
    return answers if (np.diff(cells) >= 0).all() else answers.where(np.argsort(cells, kind="stable"))


def check_learnable(survey: Survey) -> None:
    """Raise :class:`SurveyError` unless this is a survey in memory with two respondents and an answer."""
    if isinstance(survey, SurveyStream):
        raise SurveyError(f"{survey!r} is a stream, which LightGCN learns from: read_survey brings it into memory")
    if len(survey.respondents) < 2 or not len(survey.answers):
        raise SurveyError(
            f"{survey!r} has {len(survey.respondents)} respondent(s) and {len(survey.answers)} answer(s): "
            "an embedder learns from at least two respondents and one answer"
        )


def check_whole(name: str, value: int, least: int) -> None:
    """Raise :class:`SettingError` unless the value is a whole number from ``least`` up."""
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise SettingError(f"{name} is {value!r}: a whole number from {least} up is allowed")


def check_between(name: str, value: float, low: float, high: float) -> None:
    """Raise :class:`SettingError` unless low < value < high."""
    if not low < value < high:
        raise SettingError(f"{name} is {value!r}: a number between {low:g} and {high:g} is allowed")


def _texts(question: Question) -> list[str]:
    return [option.text for option in question.options]
