r"""Answers in words: a chat model is given the option that somebody chose and says it in a sentence of its own.

A survey knows the option that a respondent chose and not what they would have said. A sentence is written once for an
option and serves all respondents who chose it. So that it says this option and no other, the logits z are contrasted
with those of the same prompt with :data:`ANY` for the option,

    (1 + w) z_option - w z_any,

classifier-free guidance (arXiv 2306.17806) of strength w. A soft-prompting model that learns the sentences of a
respondent's options learns from its own base model, which was given in words what the virtual tokens stand for (context
distillation, arXiv 2112.00861); so its language stays that of the base model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from personaspace.steer.forward.attach import Continuation
from personaspace.steer.generation.decoding import Decoding
from personaspace.steer.generation.detokenizer import IncrementalDetokenizer
from personaspace.steer.generation.sampling import Sampling
from personaspace.steer.generation.writer import draws_of, ends
from personaspace.steer.model.chat import ChatTemplate, Turn
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.question_cache import read_on
from personaspace.survey.question import Question

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
SAMPLING = Sampling(max_new_tokens=32, temperature=0.8, top_p=0.95, stop="\n")
BATCH = 32
"""Sentences that are written at a time."""

OnSentence = Callable[[int, int], None]
"""Called with the sentences written so far and their number."""


def write_sentences(
    model: LanguageModel,
    questions: Sequence[Question],
    seed: int,
    on_sentence: Callable[[int, int], None] | None = None,
) -> list[list[str]]:
    """Write a sentence that says the option, for every option of every question.

    Args:
        model: A frozen model with a chat template.
        questions: The questions.
        seed: Of the sampling.
        on_sentence: Called with the progress.

    Returns:
        A sentence for each option of each question; empty where it did not end within 32 tokens, or where the prompt is
        longer than the model's context.
    """
    prompts = Prompts(model)
    options = [(question.text, option.text) for question in questions for option in question.options]
    asked = [one for one in dict.fromkeys(options) if prompts.fits(*one)]
    written: dict[tuple[str, str], str] = {}
    for start in range(0, len(asked), BATCH):
        some = asked[start : start + BATCH]
        written |= zip(some, _written(prompts, some, seed), strict=True)
        if on_sentence:
            on_sentence(len(written), len(asked))
    return [[written.get((question.text, option.text), "") for option in question.options] for question in questions]


class Prompts:
    """Prompts that give a chat model the option chosen; what all begin with is read once.

    Args:
        model: A frozen model with a chat template.
    """

    def __init__(self, model: LanguageModel) -> None:
        self.model = model
        turns: list[Turn] = []
        for question, option, sentence in EXAMPLES:
            instruction = "" if turns else f"{INSTRUCTION}\n"
            turns += [Turn("user", instruction + _turn(question, option)), Turn("assistant", sentence)]
        self._template = ChatTemplate(model.tokenizer, model.name, turns)
        one, other = (self._template.ids(text) for text in ("a", "b"))
        self._common = next(place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
        self._begun = read_on(model.body, [], self._tensor(one[: self._common][: model.context_length]))

    def continuation(self, question: str, option: str, rows: int = 1) -> Continuation:
        """One prompt for several rows, read but for its last token."""
        ids = self._tensor(self._template.ids(_turn(question, option))[self._common :])
        read = read_on(self.model.body, self._begun, ids[:, :-1]) if rows > 1 else self._begun
        rest = ids[:, -1:] if rows > 1 else ids
        return Continuation(read, [], self.model.embedding(rest).expand(rows, -1, -1))

    def fits(self, question: str, option: str) -> bool:
        """Whether a prompt with its sentence fits the model's context."""
        longest = max(len(self._template.ids(_turn(question, said))) for said in (option, ANY))
        return longest + SAMPLING.max_new_tokens <= self.model.context_length

    def _tensor(self, ids: Sequence[int]) -> Tensor:
        return torch.tensor([ids], dtype=torch.long, device=self.model.device)


def _turn(question: str, option: str) -> str:
    return f"{question.strip()}\nYour answer: {option}"


@torch.no_grad()
def _written(prompts: Prompts, asked: Sequence[tuple[str, str]], seed: int) -> list[str]:
    """Sentences for questions and options; empty where one did not end."""
    model = prompts.model
    conditional = Decoding(model, [prompts.continuation(question, option) for question, option in asked])
    counts = Counter(question for question, _ in asked)
    unconditional = Decoding(model, [prompts.continuation(question, ANY, rows) for question, rows in counts.items()])
    growing = [IncrementalDetokenizer(model.tokenizer, ends(model), SAMPLING.stops) for _ in asked]
    draws = [draws_of(seed, *one) for one in asked]
    tokens = torch.empty(len(asked), 0, dtype=torch.long, device=model.device)
    while tokens.shape[1] < SAMPLING.max_new_tokens and not all(text.done for text in growing):
        if tokens.shape[1]:
            conditional.step(tokens[:, -1])
            unconditional.step(tokens[:, -1])
        chosen = SAMPLING.choose((1 + GUIDANCE) * conditional.logits - GUIDANCE * unconditional.logits, tokens, draws)
        tokens = torch.cat([tokens, chosen[:, None]], dim=1)
        for text, token in zip(growing, chosen.tolist(), strict=True):
            if not text.done:
                text.add(token)
    return [text.text.strip() if text.done else "" for text in growing]
