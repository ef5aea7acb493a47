"""A survey in memory, dealt into blocks of respondents like those of a stream."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from personaspace.survey.answers import Pairs
from personaspace.survey.survey import FloatArray, IntArray, Survey


class Block(Survey):
    """A part of a survey; unlike the whole, it may be one of respondents who all have weight 0."""

    def _check_somebody_counts(self, weights: FloatArray) -> None:
        pass


class SurveyBlocks:
    """Blocks of about equal size, each a random sample of the respondents.

    Args:
        survey: Any with respondents.
        size: Respondents of a block, about.
        seed: Of who is in which block.

    Attributes:
        order: Row in the survey of every respondent, block by block; shape ``[respondents]``.
        weights: Survey weights in that order, or ``None``.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> blocks = SurveyBlocks(simulate(respondents=50), size=20)
        >>> [len(block.respondents) for block in blocks.blocks()]
        [16, 17, 17]
    """

    def __init__(self, survey: Survey, size: int, seed: int = 0) -> None:
        self.order = np.random.default_rng(seed).permutation(len(survey.respondents))
        self.respondents = tuple(survey.respondents[row] for row in self.order)
        self.questions, self.offsets = survey.questions, survey.offsets
        place = np.empty_like(self.order)
        place[self.order] = np.arange(len(place))
        moved = replace(survey.answers, respondent=place[survey.answers.respondent])
        self._answers = moved.where(np.argsort(moved.respondent, kind="stable"))
        self.weights = None if survey.weights is None else survey.weights[self.order]
        number = -(-len(place) // size)
        self._bounds: IntArray = np.arange(number + 1) * len(place) // number

    def __len__(self) -> int:
        """The number of blocks."""
        return len(self._bounds) - 1

    def blocks(self, order: npt.ArrayLike | None = None) -> Iterator[Block]:
        """The blocks, without traits and refusals; see :meth:`personaspace.survey.stream.SurveyStream.blocks`."""
        for number in range(len(self)) if order is None else np.asarray(order):
            start, end = self._bounds[number : number + 2]
            here = slice(*np.searchsorted(self._answers.respondent, [start, end]))
            answers = self._answers.where(np.arange(here.start, here.stop))
            yield Block(
                self.respondents[start:end],
                self.questions,
                replace(answers, respondent=answers.respondent - start),
                weights=None if self.weights is None else self.weights[start:end],
                refusals=Pairs.empty(),
            )
