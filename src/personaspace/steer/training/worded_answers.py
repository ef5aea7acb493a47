"""Training pairs in words: a respondent, a question without its options, and a sentence that says the option chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import CUE, open_question
from personaspace.survey.question import Question

NO_TOKEN = -100
"""In place of a token where a sentence is shorter than others of its block, as ``cross_entropy`` ignores it."""


@dataclass(frozen=True)
class WordedBlock:
    """Training pairs in words that share a question.

    Attributes:
        text: The question without options, up to the answer cue.
        vectors: Points of the space, shape ``[n, dim]``.
        tokens: The sentences and their end, filled up with :data:`NO_TOKEN`, shape ``[n, tokens]``.
        noise: Added to the standardized points, shape ``[n, dim]``, or ``None``.
    """

    text: str
    vectors: Tensor
    tokens: Tensor
    noise: Tensor | None = None

    def __len__(self) -> int:
        return len(self.vectors)


class WordedAnswers:
    """Sentences for every option of every question, as token ids.

    Args:
        model: The frozen model.
        questions: The survey's questions.
        sentences: One for each option of each question, empty where there is none, as
            :func:`~personaspace.steer.training.wording.write_sentences` returns them.
    """

    def __init__(self, model: LanguageModel, questions: Sequence[Question], sentences: Sequence[Sequence[str]]) -> None:
        self.texts = tuple(open_question(question.text) for question in questions)
        self.sentences = sentences
        self._tokens = [[_ids(model, text) if text else [] for text in options] for options in sentences]

    def block(
        self, question: int, vectors: Tensor, chosen: Sequence[int], noise: Tensor | None = None
    ) -> WordedBlock | None:
        """Build a block of the pairs whose option has a sentence; ``None`` where no option has one.

        Args:
            question: Its index.
            vectors: Shape ``[n, dim]``.
            chosen: The option chosen in each pair; a refusal has no sentence.
            noise: Added to the standardized points, shape ``[n, dim]``, or ``None``.
        """
        known = self._tokens[question]
        rows = [row for row, option in enumerate(chosen) if option < len(known) and known[option]]
        if not rows:
            return None
        said = [torch.tensor(known[chosen[row]]) for row in rows]
        tokens = torch.nn.utils.rnn.pad_sequence(said, batch_first=True, padding_value=NO_TOKEN)
        return WordedBlock(
            self.texts[question], vectors[rows], tokens.to(vectors.device), None if noise is None else noise[rows]
        )


def _ids(model: LanguageModel, sentence: str) -> list[int]:
    """Token ids of a sentence after the answer cue, and of the end of the text."""
    cue, whole = model.cue[0].tolist(), model.tokens(f"{CUE} {sentence}", start=False)[0].tolist()
    begun = whole[: len(cue)] == cue
    return [*(whole[len(cue) :] if begun else model.tokens(f" {sentence}", start=False)[0].tolist()), *model.end]
