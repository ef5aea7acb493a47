"""Rows of tokens to train on: plain text, and multiple-choice questions."""

from __future__ import annotations

import random
from bisect import bisect_right
from itertools import accumulate
from string import ascii_uppercase

import torch
from tokenizers import Tokenizer

from pretraining.corpus import END_OF_TEXT
from pretraining.multiple_choice import ANSWER_CUE, MARKS, answered_question, marked_question
from pretraining.source import Source, seeded_random
from pretraining.tasks import draw_question

CHARACTERS_PER_TOKEN = 8
LONGEST_PREFACE = 50


class Batches:
    """Makes the batch of any step, the same for the same seed and step."""

    def __init__(
        self,
        source: Source,
        tokenizer: Tokenizer,
        length: int,
        text_rows: int,
        question_rows: int,
        label_weight: float,
        seed: int,
    ) -> None:
        """Set what batches are made of.

        Args:
            source: Documents, also the source of the questions.
            tokenizer: Tokenizer of the model.
            length: Tokens in a row.
            text_rows: Rows of plain text in a batch.
            question_rows: Rows of multiple-choice questions in a batch.
            label_weight: Loss weight of an answer label; other tokens weigh 1.
            seed: Seed of every draw.
        """
        self.source = source
        self.tokenizer = tokenizer
        self.length = length
        self.text_rows = text_rows
        self.question_rows = question_rows
        self.label_weight = label_weight
        self.seed = seed
        self.ends = list(accumulate(len(text) for text in source.documents))
        ends = [f"{ANSWER_CUE} {label}" for label in ascii_uppercase[:6]] + [f" -{mark}" for mark in MARKS]
        self.weighed = [torch.tensor(tokenizer.encode(end).ids) for end in ends]

    def batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Make the batch of a step.

        Args:
            step: Number of the step.

        Returns:
            Token ids and their loss weights, both one row per sequence.
        """
        rng = seeded_random(f"{self.seed} {step}")
        texts = [self._text(rng) for _ in range(self.text_rows)]
        texts += [self._questions(rng) for _ in range(self.question_rows)]
        rows = [encoding.ids[: self.length] for encoding in self.tokenizer.encode_batch(texts)]
        ids = torch.tensor(rows)
        return ids, self._weights(ids)

    def _text(self, rng: random.Random) -> str:
        position = rng.randrange(self.ends[-1])
        document = bisect_right(self.ends, position)
        text = self.source.documents[document]
        text = text[position - self.ends[document] + len(text) :].partition(" ")[2]
        while len(text) < self.length * CHARACTERS_PER_TOKEN:
            text += END_OF_TEXT + rng.choice(self.source.documents)
        return text[: self.length * CHARACTERS_PER_TOKEN]

    def _questions(self, rng: random.Random) -> str:
        text = ""
        if rng.random() < 0.25:
            preface = self._text(rng).split(END_OF_TEXT)[0].split()
            text = " ".join(preface[: rng.randint(1, LONGEST_PREFACE)])
            text += rng.choice((END_OF_TEXT, "\n", "\n\n"))
        separator = rng.choice((END_OF_TEXT, END_OF_TEXT, "\n\n"))
        while len(text) < self.length * CHARACTERS_PER_TOKEN:
            write = rng.choice((answered_question, marked_question))
            text += write(draw_question(self.source, rng)) + separator
        return text

    def _weights(self, ids: torch.Tensor) -> torch.Tensor:
        weights = torch.ones(ids.shape)
        for pattern in self.weighed:
            starts = ids.unfold(1, len(pattern), 1).eq(pattern).all(-1)
            weights[:, len(pattern) - 1 :][starts] = self.label_weight
        return weights
