r"""Options in words: a chat model is told the option of a question that was chosen, and says it in a sentence.

So that a sentence says its option and no other, the logits z are contrasted with those of the same prompt with
:data:`ANY` for the option,

    (1 + w) z_option - w z_any,

classifier-free guidance (arXiv 2306.17806) of strength w.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from personaspace.errors import shown
from personaspace.steer.forward.attach import Continuation
from personaspace.steer.forward.shared_prefix import KeysValues, length_of
from personaspace.steer.generation.decoding import Decoding
from personaspace.steer.generation.sampling import Sampling
from personaspace.steer.generation.texts import Written, write
from personaspace.steer.model.chat import ChatTemplate, Turn
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.question_cache import read_on

INSTRUCTION = "You took part in a survey. Say your answer in your own words, in one sentence, in the first person."
EXAMPLES = (
    (
        "How much, if at all, do you worry about being the victim of a crime?",
        "A little",
        "I do think about it now and then, but I only worry a little about being the victim of a crime.",
    ),
    (
        "Would you favor or oppose raising the minimum wage?",
        "Strongly oppose",
        "I am strongly against raising the minimum wage, because it makes it harder for small firms to hire.",
    ),
    (
        "In general, would you say science has had a mostly positive or mostly negative effect on society?",
        "Mostly positive",
        "On the whole science has done us good: it has made our lives longer and easier.",
    ),
    ("Do you have a garden?", "No", "No, I don't have a garden."),
)
ANY = "(any)"
GUIDANCE = 0.5
END = "\n"
"""At which a sentence ends, if the model does not end it before."""


class Chosen(NamedTuple):
    """An option of a question, to be said in words.

    Attributes:
        question: Text of the question.
        option: Text of the option.
    """

    question: str
    option: str


class Prompts:
    """Prompts that tell a chat model the option chosen; what all begin with is read once.

    Args:
        model: A frozen model with a chat template.
    """

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        turns: list[Turn] = []
        for question, option, sentence in EXAMPLES:
            instruction = "" if turns else f"{INSTRUCTION}\n"
            turns += [Turn("user", instruction + _turn(Chosen(question, option))), Turn("assistant", sentence)]
        self._template = ChatTemplate(model.tokenizer, model.name, turns)
        begun = _common(self._template.ids("a"), self._template.ids("b"))[: model.context_length]
        self._begun = read_on(model.body, [], self._tensor(begun))
        self._question, self._asked = "", (begun, self._begun)

    def ids(self, chosen: Chosen) -> list[int]:
        """Token ids of the whole prompt."""
        return self._template.ids(_turn(chosen))

    def continuation(self, chosen: Chosen, rows: int = 1) -> Continuation:
        """One prompt for several rows: what all prompts begin with, then its own rest, read but for its last token."""
        ids, begun = self.ids(chosen), length_of(self._begun)
        alike, asked = self._read(chosen.question)
        if ids[: len(alike)] != alike:
            alike, asked = ids[:begun], self._begun
        read = read_on(self.model.body, asked, self._tensor(ids[len(alike) : -1]))
        own = [(k[:, :, begun:].expand(rows, -1, -1, -1), v[:, :, begun:].expand(rows, -1, -1, -1)) for k, v in read]
        return Continuation(self._begun, own, self.model.embedding(self._tensor(ids[-1:])).expand(rows, -1, -1))

    @torch.no_grad()
    def _read(self, question: str) -> tuple[list[int], KeysValues]:
        """What prompts of a question begin with, as a rule; that of the question asked last is kept."""
        if self._question != question:
            ids = _common(*(self.ids(Chosen(question, option)) for option in ("a", "b")))
            read = read_on(self.model.body, self._begun, self._tensor(ids[length_of(self._begun) :]))
            self._question, self._asked = question, (ids, read)
        return self._asked

    def longest(self, chosen: Chosen) -> int:
        """Tokens of the prompt, or of that without an option if it is longer."""
        return max(len(self.ids(one)) for one in (chosen, chosen._replace(option=ANY)))

    def fits(self, chosen: Chosen, tokens: int) -> bool:
        """Whether a prompt with a sentence of so many tokens fits the model's context."""
        return self.longest(chosen) + tokens <= self.model.context_length

    def check_fits(self, chosen: Chosen, tokens: int) -> None:
        """Raise :class:`ModelError` unless a prompt with a sentence of so many tokens fits the model's context."""
        self.model.check_length(
            self.longest(chosen) + tokens, f"the prompt that tells the option {shown(chosen.option)}"
        )

    def _tensor(self, ids: Sequence[int]) -> Tensor:
        return torch.tensor([ids], dtype=torch.long, device=self.model.device)


def _common(one: list[int], other: list[int]) -> list[int]:
    """What two different sequences both begin with."""
    return one[: next(place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)]


def _turn(chosen: Chosen) -> str:
    return f"{chosen.question.strip()}\nYour answer: {chosen.option}"


@torch.no_grad()
def say(
    prompts: Prompts, asked: Sequence[Chosen], sampling: Sampling, draws: Sequence[torch.Generator]
) -> list[Written]:
    """Write a sentence for each option in turn, all in one batch.

    Args:
        prompts: Tell the model the option.
        asked: Options; what is equal stands together, and so do options of one question, whose prompt is read once.
        sampling: How a token is drawn, and where a sentence ends.
        draws: A random generator for each sentence.
    """
    told, untold = list[Continuation](), list[Continuation]()
    for question, of_question in groupby(asked, key=lambda one: one.question):
        some = list(of_question)
        told += [prompts.continuation(one, len(list(rows))) for one, rows in groupby(some)]
        untold.append(prompts.continuation(Chosen(question, ANY), len(some)))
    conditional, unconditional = (Decoding(prompts.model, continuations) for continuations in (told, untold))
    return write([(1 + GUIDANCE, conditional), (-GUIDANCE, unconditional)], sampling, draws)
