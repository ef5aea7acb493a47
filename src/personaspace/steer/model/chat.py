"""The chat template of an instruction-tuned model: the question as the user's turn, the answer as the assistant's.

What is said about the answerer stands in the system turn, if the template has one.

Survey text is untrusted: it must not be able to end its turn and begin another. The template is therefore rendered
around a placeholder; the text before and after it is tokenized with special tokens, the question as plain text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

from personaspace.errors import ModelError, shown

PLACE = "personaspaceplaceholder"
SYSTEM_PLACE = "personaspacesystemplaceholder"


class Turn(NamedTuple):
    """A turn of a conversation that stands before the question; its text is ours, not a survey's.

    Attributes:
        role: ``user`` or ``assistant``.
        content: What is said.
    """

    role: str
    content: str


class ChatTemplate:
    """A tokenizer's chat template around one question, with or without a system prompt.

    Args:
        tokenizer: A tokenizer with a chat template.
        name: The model's name, for messages.
        turns: The conversation so far.

    Raises:
        ModelError: The template cannot be rendered, or does not show the user's text once.
    """

    def __init__(self, tokenizer: Any, name: str, turns: Sequence[Turn] = ()) -> None:
        self.tokenizer = tokenizer
        try:
            rendered = self._rendered([*(turn._asdict() for turn in turns), {"role": "user", "content": PLACE}])
        except Exception as error:  # a template is a program, and fails in any way
            raise ModelError(
                f"the chat template of {name!r} cannot be used ({shown(' '.join(str(error).split()), 100)}): "
                "choose chat='no' (--chat no)"
            ) from error
        if rendered.count(PLACE) != 1:
            raise ModelError(
                f"the chat template of {name!r} shows the user's text {rendered.count(PLACE)} times, not once: "
                "choose chat='no' (--chat no)"
            )
        self.frame = rendered.split(PLACE)

    def ids(self, text: str, system: str = "") -> list[int]:
        """Token ids of the user's turn with this text, and of the template around it.

        Args:
            text: What the user says.
            system: The system prompt; it begins the user's turn where the template has no system turn.
        """
        frame, texts = self.frame, [text]
        if system and self._frame_with_system:
            frame, texts = self._frame_with_system, [system, text]
        elif system:
            texts = [f"{system}\n\n{text}"]
        marks = frame[0].rstrip()
        ids, lead = list(self._special(marks)), frame[0][len(marks) :]
        for place, (turn, rest) in enumerate(zip(texts, frame[1:], strict=True), start=1):
            begun = rest.lstrip()
            ids += plain_ids(self.tokenizer, lead + turn.strip() + rest[: len(rest) - len(begun)])
            marks = begun if place == len(texts) else begun.rstrip()
            ids += self._special(marks)
            lead = begun[len(marks) :]
        return ids

    @cached_property
    def _frame_with_system(self) -> list[str] | None:
        """The template before, between and after a system prompt and the user's text; ``None`` if it has no place."""
        try:
            rendered = self._rendered([{"role": "system", "content": SYSTEM_PLACE}, {"role": "user", "content": PLACE}])
        except Exception:  # as some templates do that know no system turn
            return None
        before, found, rest = rendered.partition(SYSTEM_PLACE)
        shown_once = found and rendered.count(SYSTEM_PLACE) == rest.count(PLACE) == rendered.count(PLACE) == 1
        return [before, *rest.split(PLACE)] if shown_once else None

    def _rendered(self, turns: list[dict[str, str]]) -> str:
        rendered: str = self.tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True, enable_thinking=False, date_string="26 Jul 2024"
        )
        return rendered

    def _special(self, text: str) -> Sequence[int]:
        ids: Sequence[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids


def plain_ids(tokenizer: Any, text: str, start: bool = False) -> list[int]:
    """Token ids of text with special tokens in it taken as text; ``start`` adds the model's own start token.

    Texts longer than the model reads are the caller's matter, and no warning of the tokenizer's.
    """
    ids: list[int] = tokenizer(text, add_special_tokens=start, split_special_tokens=True, verbose=False)["input_ids"]
    return ids[:-1] if start and ids[-1] == tokenizer.eos_token_id else ids
