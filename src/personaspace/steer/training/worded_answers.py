"""Training pairs in words: a respondent, a question without its options, and a sentence that says the option chosen.

A survey knows the option that a respondent chose and not what they would have said. The base model writes a sentence
for every option once, which serves all respondents who chose it. A soft-prompting model that learns the sentences of a
respondent's options learns from its own base model, which was given in words what the virtual tokens stand for (context
distillation, arXiv 2112.00861); so its language stays that of the base model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from personaspace.files import read_checked, write_json
from personaspace.steer.generation.sampling import Sampling
from personaspace.steer.generation.texts import draws_of
from personaspace.steer.generation.wording import END, Chosen, Prompts, say
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import open_question
from personaspace.survey.question import Question

SAMPLING = Sampling(max_new_tokens=32, temperature=0.8, top_p=0.95, stop=END)
BATCH = 32
"""Sentences that are written at a time."""
NO_TOKEN = -100
"""In place of a token where a sentence is shorter than others of its block, as ``cross_entropy`` ignores it."""


@dataclass
class Kept:
    """Sentences kept in a file, and what they were written by.

    Attributes:
        model: Fingerprint of the model.
        seed: Of the sampling.
        sentences: Question, option, and the sentence that says it.
    """

    model: str
    seed: int
    sentences: list[tuple[str, str, str]] = field(default_factory=list)


def write_sentences(
    model: LanguageModel,
    questions: Sequence[Question],
    seed: int,
    on_sentence: Callable[[int, int], None] | None = None,
    file: Path | None = None,
) -> list[list[str]]:
    """Write a sentence that says the option, for every option of every question.

    Args:
        model: A frozen model with a chat template.
        questions: The questions.
        seed: Of the sampling.
        on_sentence: Called with the sentences written so far and their number.
        file: Keeps the sentences as they are written; those that it holds, of this model and seed, are taken from it.

    Returns:
        A sentence for each option of each question; empty where it did not end within 32 tokens, or where the prompt is
        longer than the model's context.
    """
    prompts = Prompts(model)
    options = [Chosen(question.text, option.text) for question in questions for option in question.options]
    asked = [one for one in dict.fromkeys(options) if prompts.fits(one, SAMPLING.max_new_tokens)]
    kept = read_checked(file, Kept) if file and file.exists() else Kept(model.fingerprint, seed)
    if (kept.model, kept.seed) != (model.fingerprint, seed):
        kept = Kept(model.fingerprint, seed)
    written = {Chosen(question, option): text for question, option, text in kept.sentences}
    waiting = [one for one in asked if one not in written]
    for start in range(0, len(waiting), BATCH):
        some = waiting[start : start + BATCH]
        said = say(prompts, some, SAMPLING, [draws_of(seed, *one) for one in some])
        written |= {one: "" if sentence.cut else sentence.text for one, sentence in zip(some, said, strict=True)}
        if file:
            write_json(file, asdict(replace(kept, sentences=[(*one, text) for one, text in written.items()])))
        if on_sentence:
            on_sentence(len(asked) - len(waiting) + start + len(some), len(asked))
    return [
        [written.get(Chosen(question.text, option.text), "") for option in question.options] for question in questions
    ]


@dataclass(frozen=True)
class WordedBlock:
    """Training pairs in words that share a question.

    Attributes:
        text: The question without options, up to the answer cue.
        vectors: Points of the space, shape ``[n, dim]``.
        tokens: The sentences and their end, filled up with :data:`NO_TOKEN`, shape ``[n, tokens]``.
    """

    text: str
    vectors: Tensor
    tokens: Tensor

    def __len__(self) -> int:
        return len(self.vectors)


class WordedAnswers:
    """Sentences for every option of every question, as token ids.

    Args:
        model: The frozen model.
        questions: The survey's questions.
        sentences: One for each option of each question, empty where there is none, as
            :func:`write_sentences` returns them.
    """

    def __init__(self, model: LanguageModel, questions: Sequence[Question], sentences: Sequence[Sequence[str]]) -> None:
        self.texts = tuple(open_question(question.text) for question in questions)
        self.sentences = sentences
        after = model.option_tokens.after_the_cue
        self._tokens = [[[*after(text), *model.end] if text else [] for text in options] for options in sentences]

    def block(self, question: int, vectors: Tensor, chosen: Sequence[int]) -> WordedBlock | None:
        """Build a block of the pairs whose option has a sentence; ``None`` where no option has one.

        Args:
            question: Its index.
            vectors: Shape ``[n, dim]``.
            chosen: The option chosen in each pair; a refusal has no sentence.
        """
        known = self._tokens[question]
        rows = [row for row, option in enumerate(chosen) if option < len(known) and known[option]]
        if not rows:
            return None
        said = [torch.tensor(known[chosen[row]]) for row in rows]
        tokens = torch.nn.utils.rnn.pad_sequence(said, batch_first=True, padding_value=NO_TOKEN)
        return WordedBlock(self.texts[question], vectors[rows], tokens.to(vectors.device))
