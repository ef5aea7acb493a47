"""Training pairs: a respondent, a question and the option chosen, in blocks of pairs that share a question."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from personaspace.newquestions.cross_fitting import Embeds, cross_fitted_vectors
from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.steer.model.prompts import question_prompt
from personaspace.steer.protocols import Embedding
from personaspace.steer.soft_prompts.informed import prior_features
from personaspace.steer.training.settings import TrainSettings
from personaspace.steer.training.worded_answers import WordedAnswers, WordedBlock
from personaspace.survey.answers import Answers
from personaspace.survey.answers import Pairs as AnswerPairs
from personaspace.survey.arrays import BoolArray, IntArray
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

LEFT_OUT = 0.5  # of the blocks to train on: so that a model learns how far to rely on the prior of a question not asked


@dataclass(frozen=True)
class Block:
    """Training pairs that share a question, ready for the model.

    Attributes:
        text: The question up to the answer cue.
        options: Its number of options.
        vectors: Points of the space, shape ``[n, dim]``.
        chosen: The option chosen in each pair, shape ``[n]``.
        prior_features: For an informed soft-prompting model, shape ``[n, 53]``, or ``None``.
    """

    text: str
    options: int
    vectors: Tensor
    chosen: Tensor
    prior_features: Tensor | None = None

    def __len__(self) -> int:
        return len(self.chosen)

    def parts(self, size: int) -> Iterator[Block]:
        """Split into blocks of at most ``size`` pairs."""
        for start in range(0, len(self), size):
            rows = slice(start, start + size)
            cut = {
                name: tensor[rows]
                for name, tensor in vars(self).items()
                if name not in ("text", "options") and tensor is not None
            }
            yield replace(self, **cut)


def passes(blocks: Iterable[Block], size: int) -> Iterator[list[Block]]:
    """Group blocks, none empty, into passes through the model, in which all are padded to the longest.

    A pass has at most ``size`` rows, padding included, unless one block alone has more.
    """
    some: list[Block] = []
    for block in blocks:
        if some and (len(some) + 1) * max(map(len, [*some, block])) > size:
            yield some
            some = []
        some.append(block)
    if some:
        yield some


@dataclass(frozen=True)
class Pairs:
    """Respondent x question pairs with the answer given, as indices into vectors and questions.

    Attributes:
        vectors: Points of the space, shape ``[respondents, dim]``.
        texts: Questions up to the answer cue.
        sizes: Number of options of each question.
        row: Each pair's row of ``vectors``.
        question: Each pair's index in ``texts``.
        option: The option chosen.
        prior: The question prior, for an informed soft-prompting model.
        worded: Sentences that say the options, where answers in words are learned too.
    """

    vectors: Tensor
    texts: tuple[str, ...]
    sizes: tuple[int, ...]
    row: IntArray
    question: IntArray
    option: IntArray
    prior: QuestionPrior | None = None
    worded: WordedAnswers | None = None

    def __len__(self) -> int:
        return len(self.row)

    def blocks(self, size: int, rng: np.random.Generator) -> list[IntArray]:
        """Indices of all pairs in shuffled blocks of at most ``size`` that share one question."""
        order = rng.permutation(len(self))
        order = order[np.argsort(self.question[order], kind="stable")]
        starts = np.flatnonzero(np.diff(self.question[order])) + 1
        blocks = [
            group[start : start + size] for group in np.split(order, starts) for start in range(0, len(group), size)
        ]
        return [blocks[i] for i in rng.permutation(len(blocks))]

    def block(self, pairs: IntArray, device: torch.device, rng: np.random.Generator | None = None) -> Block:
        """Build a block from the indices of its pairs, as :meth:`blocks` gives them.

        Args:
            pairs: Indices of pairs that share a question.
            device: Where the tensors are put.
            rng: Draws for a block to train on whether its prior features are leave-one-out, as if the question had not
                been asked; without it they are not.
        """
        question = int(self.question[pairs[0]])
        vectors = self.vectors[torch.from_numpy(self.row[pairs])].to(device)
        chosen = torch.from_numpy(self.option[pairs]).to(device)
        block = Block(self.texts[question], self.sizes[question], vectors, chosen)
        if self.prior is None:
            return block
        left_out = rng is not None and rng.random() < LEFT_OUT
        source = self.prior.leave_one_out if left_out else self.prior.own
        return replace(block, prior_features=prior_features(source[question], vectors))

    def worded_block(self, pairs: IntArray, device: torch.device) -> WordedBlock | None:
        """Build a block in words from the indices of its pairs; ``None`` where no sentence says their options.

        Args:
            pairs: Indices of pairs that share a question.
            device: Where the tensors are put.
        """
        if self.worded is None:
            return None
        question, chosen = int(self.question[pairs[0]]), self.option[pairs].tolist()
        vectors = self.vectors[torch.from_numpy(self.row[pairs])].to(device)
        return self.worded.block(question, vectors, chosen)

    def digest(self) -> str:
        """One checksum over points, questions and answers."""
        state = hashlib.sha256("\n".join(self.texts).encode())
        for column in (self.vectors.cpu().numpy(), self.row, self.question, self.option):
            state.update(np.ascontiguousarray(column).tobytes())
        if self.prior is not None:
            state.update(np.ascontiguousarray(self.prior.weights).tobytes())
        if self.worded is not None:
            state.update(repr(self.worded.sentences).encode())
        return state.hexdigest()

    def sample(self, most: int, seed: int) -> Pairs:
        """A random sample of at most so many pairs."""
        if len(self) <= most:
            return self
        kept = np.sort(np.random.default_rng(seed).choice(len(self), most, replace=False))
        return replace(self, row=self.row[kept], question=self.question[kept], option=self.option[kept])


def training_and_validation(survey: Survey, vectors: Tensor, refusals: bool = False) -> tuple[Pairs, Pairs]:
    """Split a survey into training pairs and validation pairs.

    Args:
        survey: Answers and refusals.
        vectors: Vectors of its respondents, shape ``[respondents, dim]``.
        refusals: Whether refusing is an outcome; if so both hold refusals.
    """
    mask = validation_mask(survey)
    if not refusals:
        return pairs_of(survey, vectors, ~mask), pairs_of(survey, vectors, mask)
    refused = validation_refusals(survey)
    return pairs_of(survey, vectors, ~mask, ~refused), pairs_of(survey, vectors, mask, refused)


def pairs_of(survey: Survey, vectors: Tensor, mask: BoolArray, refused: BoolArray | None = None) -> Pairs:
    """Pairs of some of a survey's answers and refusals.

    Args:
        survey: Answers and refusals.
        vectors: Vectors of its respondents, shape ``[respondents, dim]``.
        mask: The answers to take.
        refused: The refusals to take; ``None`` where refusing is no outcome.
    """
    answers = survey.answers.where(mask)
    texts = tuple(question_prompt(question, refused is not None) for question in survey.questions)
    sizes = np.array([len(question.options) for question in survey.questions])
    row, question, option = answers.respondent, answers.question, answers.option
    if refused is not None:
        refusals = survey.refusals.where(refused)
        row = np.concatenate([row, refusals.respondent])
        question = np.concatenate([question, refusals.question])
        option = np.concatenate([option, sizes[refusals.question]])
        sizes = sizes + 1
    return Pairs(vectors, texts, tuple(sizes.tolist()), row, question, option)


def validation_refusals(survey: Survey) -> BoolArray:
    """Mask of the refusals among the validation pairs, chosen as :func:`validation_mask` chooses answers."""
    answers, refusals = survey.answers, survey.refusals
    row, question = (
        np.concatenate([getattr(p, name) for p in (answers, refusals)]) for name in ("respondent", "question")
    )
    both = Answers(row, question, np.zeros(len(row), np.int64))
    return validation_mask(replace(survey, answers=both, refusals=AnswerPairs.empty()))[len(answers) :]


def with_prior(
    training: Pairs,
    validation: Pairs,
    prior: QuestionPrior,
    embedder: Embedding,
    survey: Survey,
    settings: TrainSettings,
    on_fold: Callable[[int, int], None] | None = None,
) -> tuple[Pairs, Pairs]:
    """Pairs with prior features, the training pairs with cross-fitted vectors.

    A cross-fitted vector is embedded without the answer it is to predict. It takes an embedder that embeds respondents
    by their answers, and more than one question; otherwise the vectors stay.

    Args:
        training: Pairs to train on.
        validation: Pairs that decide when to stop.
        prior: The question prior.
        embedder: A fitted embedder, or bare vectors.
        survey: Training answers.
        settings: Settings of training.
        on_fold: Called after each fold of cross-fitting with the folds done and the folds in all.
    """
    training, validation = (replace(pairs, prior=prior) for pairs in (training, validation))
    if isinstance(embedder, Embeds) and len(survey.questions) > 1:
        fitted = cross_fitted_vectors(survey, embedder, ~validation_mask(survey), settings.seed, on_fold)
        training = replace(training, vectors=fitted.vectors, row=fitted.rows(training.row, training.question))
    return training, validation
