"""Training pairs: who was asked what and answered which option, in blocks that share a question."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from personaspace.steer.prompt import question_text
from personaspace.survey.question import Question
from personaspace.survey.survey import BoolArray, Survey

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Block:
    """Pairs that share a question.

    Attributes:
        text: The question up to the answer cue.
        options: How many options it has.
        vectors: Points of the space, shape ``[n, dim]``.
        chosen: The option each chose, shape ``[n]``.
        noise: Added to the standardized points, shape ``[n, dim]``, or ``None``.
    """

    text: str
    options: int
    vectors: Tensor
    chosen: Tensor
    noise: Tensor | None = None

    def __len__(self) -> int:
        return len(self.chosen)

    def parts(self, size: int) -> Iterator[Block]:
        """The block in pieces of at most ``size`` pairs."""
        for start in range(0, len(self), size):
            rows = slice(start, start + size)
            noise = None if self.noise is None else self.noise[rows]
            yield replace(self, vectors=self.vectors[rows], chosen=self.chosen[rows], noise=noise)


@dataclass(frozen=True)
class Pairs:
    """Respondent x question pairs with the answer given, and the tables they point into.

    Attributes:
        vectors: Points of the space, shape ``[respondents, dim]``.
        texts: Questions up to the answer cue.
        sizes: Number of options of each question.
        row: Row of ``vectors`` of each pair.
        question: Index of each pair's question.
        option: The option chosen.
    """

    vectors: Tensor
    texts: tuple[str, ...]
    sizes: tuple[int, ...]
    row: Indices
    question: Indices
    option: Indices

    def __len__(self) -> int:
        return len(self.row)

    def blocks(self, size: int, rng: np.random.Generator) -> list[Indices]:
        """All pairs in blocks of at most ``size`` that share one question, shuffled."""
        order = rng.permutation(len(self))
        order = order[np.argsort(self.question[order], kind="stable")]
        starts = np.flatnonzero(np.diff(self.question[order])) + 1
        blocks = [
            group[start : start + size] for group in np.split(order, starts) for start in range(0, len(group), size)
        ]
        return [blocks[i] for i in rng.permutation(len(blocks))]

    def block(self, pairs: Indices, device: torch.device) -> Block:
        """One of :meth:`blocks`, looked up."""
        question = int(self.question[pairs[0]])
        vectors = self.vectors[torch.from_numpy(self.row[pairs])].to(device)
        chosen = torch.from_numpy(self.option[pairs]).to(device)
        return Block(self.texts[question], self.sizes[question], vectors, chosen)

    def digest(self) -> str:
        """One checksum over points, questions and answers."""
        state = hashlib.sha256("\n".join(self.texts).encode())
        for column in (self.vectors.cpu().numpy(), self.row, self.question, self.option):
            state.update(np.ascontiguousarray(column).tobytes())
        return state.hexdigest()

    def sample(self, most: int, seed: int) -> Pairs:
        """At most so many pairs, drawn at random."""
        if len(self) <= most:
            return self
        kept = np.sort(np.random.default_rng(seed).choice(len(self), most, replace=False))
        return replace(self, row=self.row[kept], question=self.question[kept], option=self.option[kept])


def question_prompt(question: Question) -> str:
    """A question of a survey as the base model reads it."""
    return question_text(question.text, [option.text for option in question.options])


def training_pairs(survey: Survey, vectors: Tensor, mask: BoolArray) -> Pairs:
    """The answers of a survey chosen by a mask, with its respondents' vectors ``[respondents, dim]``."""
    answers = survey.answers.where(mask)
    texts = tuple(question_prompt(question) for question in survey.questions)
    sizes = tuple(len(question.options) for question in survey.questions)
    return Pairs(vectors, texts, sizes, answers.respondent, answers.question, answers.option)
