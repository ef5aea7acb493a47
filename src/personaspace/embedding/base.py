"""The contract of every embedder: answers in, vectors out, and from vectors predicted answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from personaspace.checks import check_whole
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.embedding.settings import Settings
from personaspace.errors import MAX_SEED, SettingError, SurveyError, listed, shown, unknown
from personaspace.files import write_atomically, write_json, write_tensors
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.lookup import NOWHERE, index_of, positions
from personaspace.survey.question import Question, offsets_of
from personaspace.survey.stream import SurveyStream
from personaspace.survey.survey import Survey

OnEpoch = Callable[[int, int, float], None]
"""Called after every epoch with the number of epochs done, the most there can be, and the validation loss."""

FORMAT = 2
CONFIG, WEIGHTS = "config.json", "weights.safetensors"


@dataclass(eq=False)
class Embedder(Settings, ABC):
    """A collaborative filter that turns respondents' answers into vectors and vectors into predicted answers.

    Every embedder predicts log-linearly: at u, a question is answered with its option o with probability
    p(o | u) = exp(<u, v_o> + b_o) / sum over the options o' of the question of exp(<u, v_o'> + b_o').

    Subclasses are dataclasses whose fields are the settings. As in scikit-learn the constructor only stores them,
    :meth:`fit` checks them and returns the embedder itself, and fitted attributes end in ``_``.

    Attributes:
        dim: Length of the vectors.
        seed: The same seed and survey give the same vectors, exactly.
        name: The embedder's name on the command line and in tables.
        tensors: Names of the fitted arrays, which are what is saved.
        ids_: Ids of the respondents it was fitted on.
        respondents_: Their vectors, shape ``[respondents, dim]``: what :meth:`embed` gives for all their answers. Only
            options and biases were learned without the validation answers.
        options_: One vector v_o per option of every question, shape ``[options, dim]``.
        bias_: One number b_o per option, shape ``[options]``.
        questions_: The questions it was fitted on, in the order of ``options_``.
    """

    name: ClassVar[str]
    tensors: ClassVar[tuple[str, ...]] = ("respondents_", "options_", "bias_")

    dim: int = 128
    seed: int = 0

    def __post_init__(self) -> None:
        self.ids_: tuple[str, ...] = ()
        self.questions_: tuple[Question, ...] = ()
        self.respondents_: Vectors
        self.options_: Vectors
        self.bias_: Vectors

    def check(self) -> None:
        """Check all settings; see :meth:`Settings.check`."""
        check_whole("dim", self.dim, least=1)
        check_whole("seed", self.seed, least=0, most=MAX_SEED)

    @abstractmethod
    def fit(self, survey: Survey, on_epoch: OnEpoch | None = None) -> Self:
        """Learn vectors from a survey's answers.

        Args:
            survey: At least two respondents and one answer.
            on_epoch: Called after every epoch.

        Returns:
            The embedder itself.

        Raises:
            SettingError: A setting is outside what is allowed.
            UnknownNameError: A setting that is a name is not known.
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
        """Place the respondents of a stream, one block at a time, and write their vectors to a file.

        Args:
            stream: Their answers.
            path: A .npy file to write: float32, shape ``[respondents, dim]``, in the stream's order. Read it with
                ``numpy.load(path, mmap_mode="r")``.

        Raises:
            NotFittedError: The embedder was not fitted.
            SurveyError: A question has other options than when the embedder was fitted.
            RunError: The file cannot be written.
        """
        self.check_fitted()

        def write(temporary: Path) -> None:
            shape = (len(stream.respondents), self.options_.shape[1])
            with temporary.open("wb") as file:
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
                for block in stream.blocks():
                    file.write(self.embed(block).astype("<f4").tobytes())

        write_atomically(Path(path), write)

    def predict(self, vectors: Vectors) -> Vectors:
        """Probability of every option at some vectors.

        Args:
            vectors: Shape ``[n, dim]``.

        Returns:
            Shape ``[n, options]``; the options of one question sum to 1. Columns follow ``questions_``.

        Raises:
            NotFittedError: The embedder was not fitted.
            SettingError: The vectors have another length.
        """
        vectors = self._checked(vectors)
        return OptionSoftmax(self.offsets_).softmax(vectors @ self.options_.T + self.bias_)

    def predict_blocks(self, vectors: Vectors, size: int = 4096) -> Iterator[tuple[slice, Vectors]]:
        """Predict many vectors a block at a time, so that their probabilities are never all in memory.

        Args:
            vectors: Shape ``[n, dim]``.
            size: Vectors in a block.

        Yields:
            The rows of a block, and what :meth:`predict` gives for them, shape ``[block, options]``.

        Example:
            >>> from personaspace.embedding.lightgcn.model import LightGCN
            >>> from personaspace.survey.simulate import simulate
            >>> embedder = LightGCN(dim=8, epochs=1).fit(simulate(respondents=50))
            >>> [rows for rows, _ in embedder.predict_blocks(embedder.respondents_, size=30)]
            [slice(0, 30, None), slice(30, 50, None)]
        """
        check_whole("size", size, least=1)
        for start in range(0, len(vectors), size):
            rows = slice(start, min(start + size, len(vectors)))
            yield rows, self.predict(vectors[rows])

    def predict_questions(self, vectors: Vectors, ids: Sequence[str]) -> list[Vectors]:
        """Probability of the options of some questions only.

        Args:
            vectors: Shape ``[n, dim]``.
            ids: Question ids.

        Returns:
            One array of shape ``[n, options of the question]`` per id; rows sum to 1.

        Raises:
            UnknownNameError: The embedder was not fitted on a question.
        """
        vectors = self._checked(vectors)
        scores = (vectors @ self.options_[block].T + self.bias_[block] for block in self._options_of(ids))
        return [OptionSoftmax(np.array([0, part.shape[1]])).softmax(part) for part in scores]

    def expected_numbers(self, vectors: Vectors, ids: Sequence[str]) -> Vectors:
        """The expected answer to questions that are answered with a number: sum over o of p(o | u) times o's number.

        Args:
            vectors: Shape ``[n, dim]``.
            ids: Questions that have a scale.

        Returns:
            Shape ``[n, ids]``, in each question's own unit.

        Raises:
            UnknownNameError: The embedder was not fitted on a question.
            SurveyError: A question has no scale.
        """
        probabilities = self.predict_questions(vectors, ids)
        scale_of = {question.id: question.scale for question in self.questions_}
        expected = np.empty((len(vectors), len(ids)), np.float32)
        for column, (name, probability) in enumerate(zip(ids, probabilities, strict=True)):
            scale = scale_of[name]
            if scale is None:
                raise SurveyError(f"question {name!r} is answered with a choice, not a number: it has no scale")
            expected[:, column] = probability @ scale.numbers
        return expected

    def option_log_odds(self, ids: Sequence[str]) -> FloatArray:
        """Weights y_o of the options' log-odds, centred within each question: log-odds at u are <y_o, (1, u)>.

        Args:
            ids: Question ids.

        Returns:
            Shape ``[options of these questions, 1 + dim]``: b_o and v_o less their means over the question's options.

        Raises:
            NotFittedError: The embedder was not fitted.
            UnknownNameError: The embedder was not fitted on a question.
        """
        self.check_fitted()
        weights = np.column_stack([self.bias_, self.options_]).astype(np.float64)
        blocks = [weights[block] - weights[block].mean(axis=0) for block in self._options_of(ids)]
        return np.concatenate(blocks) if blocks else weights[:0]

    def save(self, folder: str | Path) -> None:
        """Write config.json and weights.safetensors; :func:`load_embedder` reads them.

        Args:
            folder: Made if missing; an embedder already there is replaced, each file in one step.

        Raises:
            NotFittedError: The embedder was not fitted.
            RunError: The folder cannot be written.
        """
        self.check_fitted()
        questions = [question.to_json() for question in self.questions_]
        config = {"format": FORMAT, "embedder": self.name, "settings": asdict(self), "respondents": list(self.ids_)}
        write_tensors(Path(folder) / WEIGHTS, self.state())
        write_json(Path(folder) / CONFIG, config | {"questions": questions})

    def state(self) -> dict[str, Vectors]:
        """The fitted arrays by name."""
        return {name: getattr(self, name) for name in self.tensors}

    def shapes(self, respondents: int, questions: Sequence[Question]) -> dict[str, tuple[int, ...]]:
        """The shape that every array of :meth:`state` has after a fit on so many respondents and these questions."""
        options = int(offsets_of(questions)[-1])
        return {"respondents_": (respondents, self.dim), "options_": (options, self.dim), "bias_": (options,)}

    def restore(self, state: Mapping[str, Vectors], ids: Sequence[str], questions: Sequence[Question]) -> None:
        """Take over what another embedder of these settings learned: its :meth:`state`, and what it was fitted on."""
        for name in self.tensors:
            setattr(self, name, state[name])
        self.ids_, self.questions_ = tuple(ids), tuple(questions)

    @property
    def offsets_(self) -> IntArray:
        """Start of each question's options among the columns, shape ``[questions + 1]``."""
        return offsets_of(self.questions_)

    def known_answers(self, survey: Survey) -> Answers:
        """The survey's answers to questions the embedder knows, counted as in ``questions_`` and in ascending order."""
        self.check_fitted()
        column = positions((question.id for question in survey.questions), (q.id for q in self.questions_))
        for question, j in zip(survey.questions, column, strict=True):
            if j != NOWHERE and _texts(question) != _texts(self.questions_[j]):
                raise SurveyError(
                    f"question {shown(question.id)} has the options {listed(_texts(question), 4)}, but had "
                    f"{listed(_texts(self.questions_[j]), 4)} when the embedder was fitted: give it these or another id"
                )
        known = survey.answers.where(column[survey.answers.question] != NOWHERE)
        return replace(known, question=column[known.question]).ascending()

    def check_fitted(self) -> None:
        """Raise :class:`NotFittedError` before :meth:`fit`."""
        if not self.questions_:
            from personaspace.not_fitted import NotFittedError

            raise NotFittedError(f"this {type(self).__name__} has not learned anything yet: call fit(survey) first")

    def _options_of(self, ids: Sequence[str]) -> list[slice]:
        """Where the options of each of these questions are."""
        ids = [ids] if isinstance(ids, str) else ids
        index, offsets = index_of(question.id for question in self.questions_), self.offsets_
        if missing := [name for name in ids if name not in index]:
            raise unknown("question", missing[0], index)
        return [slice(offsets[index[name]], offsets[index[name] + 1]) for name in ids]

    def _checked(self, vectors: Vectors) -> Vectors:
        self.check_fitted()
        vectors, dim = np.asarray(vectors, np.float32), self.options_.shape[1]
        if vectors.ndim != 2 or vectors.shape[1] != dim:
            raise SettingError(f"vectors have shape {vectors.shape}, expected [n, {dim}]")
        return vectors


def _texts(question: Question) -> list[str]:
    return [option.text for option in question.options]
