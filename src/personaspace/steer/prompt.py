"""A question as text: what the base model reads, and the cue after which it answers."""

from __future__ import annotations

import string
from collections.abc import Sequence

from personaspace.errors import SettingError

LABELS = string.ascii_uppercase
CUE = "Answer:"


def question_text(text: str, options: Sequence[str], labels: str = LABELS) -> str:
    """Write a question with labelled options, up to the place where the answer cue follows.

    Args:
        text: The question.
        options: Two to 26 option texts, labelled in this order.
        labels: A character for every option, A, B, C if not given.

    Returns:
        The text before :data:`CUE`.

    Raises:
        SettingError: Fewer than two options, or more than there are labels.

    Example:
        >>> print(question_text("Tea or coffee?", ["Tea", "Coffee"]) + CUE)
        Question: Tea or coffee?
        A. Tea
        B. Coffee
        Answer:
    """
    if not 2 <= len(options) <= len(labels):
        raise SettingError(
            f"{len(options)} option(s) given: a question takes 2 to {len(labels)} with the labels {labels[0]} to "
            f"{labels[-1]}"
        )
    lines = [f"{label}. {option}" for label, option in zip(labels, options, strict=False)]
    return "\n".join([f"Question: {text.strip()}", *lines, ""])


def open_question(prompt: str) -> str:
    r"""Write a question that is to be answered in words.

    Example:
        >>> open_question("What worries you most?") + CUE
        'Question: What worries you most?\nAnswer:'
    """
    return f"Question: {prompt.strip()}\n"
