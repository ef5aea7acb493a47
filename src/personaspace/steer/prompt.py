"""A question as text: what the base model reads, and the cue after which it answers."""

from __future__ import annotations

import string
from collections.abc import Sequence
from itertools import product

from personaspace.errors import SettingError

LABELS = string.ascii_uppercase
PAIRS = tuple("".join(pair) for pair in product(LABELS, repeat=2))
CUE = "Answer:"


def labels_for(options: int, labels: Sequence[str] = LABELS) -> Sequence[str]:
    """The labels of a question's options: letters, or AA, AB, AC where there are more options than letters.

    Args:
        options: How many options there are.
        labels: A label for every option.

    Raises:
        SettingError: Fewer than two options, or more than there are labels.

    Example:
        >>> labels_for(3), labels_for(30)[-2:]
        ('ABC', ('BC', 'BD'))
    """
    known = PAIRS if labels == LABELS and options > len(LABELS) else labels
    if not 2 <= options <= len(known):
        raise SettingError(
            f"{options} option(s) given: a question takes 2 to {len(known)} with the labels {known[0]} to {known[-1]}"
        )
    return known[:options]


def question_text(text: str, options: Sequence[str], labels: Sequence[str] = LABELS) -> str:
    """Write a question with labelled options, up to the place where the answer cue follows.

    Args:
        text: The question.
        options: Two or more option texts, labelled in this order.
        labels: A label for every option, as :func:`labels_for` gives them.

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
    lines = [f"{label}. {option}" for label, option in zip(labels_for(len(options), labels), options, strict=True)]
    return "\n".join([f"Question: {text.strip()}", *lines, ""])


def open_question(prompt: str) -> str:
    r"""Write a question that is to be answered in words.

    Example:
        >>> open_question("What worries you most?") + CUE
        'Question: What worries you most?\nAnswer:'
    """
    return f"Question: {prompt.strip()}\n"
