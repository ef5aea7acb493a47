"""Log-linear predictions: from a vector, the probability of every option of every question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from personaspace.checks import check_whole
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.errors import SettingError, SurveyError, unknown
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.lookup import index_of
from personaspace.survey.question import Question, offsets_of


class LogLinear:
    """Questions whose options have vectors: p(o | u) is proportional to exp(<u, v_o> + b_o).

    Attributes:
        options_: One vector v_o per option of every question, shape ``[options, dim]``.
        bias_: One number b_o per option, shape ``[options]``.
        questions_: The questions, in the order of ``options_``; none before a fit.
    """

    options_: Vectors
    bias_: Vectors
    questions_: tuple[Question, ...] = ()

    @property
    def offsets_(self) -> IntArray:
        """Start of each question's options among the columns, shape ``[questions + 1]``."""
        return offsets_of(self.questions_)

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
