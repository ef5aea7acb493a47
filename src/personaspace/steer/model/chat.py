"""The chat template of an instruction-tuned model: the question as the user's turn, the answer as the assistant's.

Survey text is untrusted: it must not be able to end its turn and begin another. The template is therefore rendered
around a placeholder; the text before and after it is tokenized with special tokens, the question as plain text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from personaspace.errors import ModelError, shown

PLACE = "personaspaceplaceholder"


class ChatTemplate:
    """A tokenizer's chat template around one question.

    Args:
        tokenizer: A tokenizer with a chat template.
        name: The model's name, for messages.

    Raises:
        ModelError: The template cannot be rendered, or does not show the user's text once.
    """

    def __init__(self, tokenizer: Any, name: str) -> None:
        self.tokenizer = tokenizer
        try:
            rendered = tokenizer.apply_chat_template(
                [{"role": "user", "content": PLACE}],
                tokenize=False,
                add_generation_prompt=True,
                enable_thinking=False,
                date_string="26 Jul 2024",
            )
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
        self.before, self.after = rendered.split(PLACE)

    def ids(self, text: str) -> list[int]:
        """Token ids of the user's turn with this text, and of the template around it."""
        lead = self.before[len(self.before.rstrip()) :]
        trail = self.after[: len(self.after) - len(self.after.lstrip())]
        return [
            *self._special(self.before.rstrip()),
            *plain_ids(self.tokenizer, lead + text.strip() + trail),
            *self._special(self.after.lstrip()),
        ]

    def _special(self, text: str) -> Sequence[int]:
        ids: Sequence[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids


def plain_ids(tokenizer: Any, text: str, start: bool = False) -> list[int]:
    """Token ids of text with special tokens in it taken as text; ``start`` adds the model's own start token."""
    ids: list[int] = tokenizer(text, add_special_tokens=start, split_special_tokens=True)["input_ids"]
    return ids[:-1] if start and ids[-1] == tokenizer.eos_token_id else ids
