"""Kinds of rows of the table: how each is chosen, what it needs, and what it does in words.

Choosing rows, help texts, the words of a report, and which methods are compared all come from :data:`KINDS`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

NOTHING, BASE, STEERED = range(3)
"""What a row needs: no language model, any language model, or a steered one."""

DEFAULT = "default"
"""What stands for all rows that take little time."""


@dataclass(frozen=True)
class RowKind:
    """A kind of row.

    Attributes:
        name: By which it is chosen.
        pattern: Matches the names of its rows in the table.
        words: What its rows predict by, for a reader; ``{0}`` is the first group of the pattern.
        needs: :data:`NOTHING`, :data:`BASE` or :data:`STEERED`.
        space: Whether it uses the space of answers.
        traits: Whether it needs traits.
        prompted: Whether a language model reads a prompt for every answer.
        default: Whether it takes little time, so that it is among the default rows.
        one: How one row of several is chosen, such as ``"context K=5"``.
        stands_for: Which rows the name alone stands for, where that is not plain.
        chosen_with: With what it is measured, where it is not chosen by itself.
    """

    name: str
    pattern: str
    words: str
    needs: int = NOTHING
    space: bool = False
    traits: bool = False
    prompted: bool = False
    default: bool = True
    one: str = ""
    stands_for: str = ""
    chosen_with: str = ""

    @property
    def with_model(self) -> bool:
        """Whether a language model answers."""
        return self.needs != NOTHING

    @property
    def help(self) -> str:
        """How it is chosen, in a help text."""
        about = f" ({self.stands_for})" if self.stands_for else ""
        return f"{self.name.replace(' ', '-')}{about}{f' or {self.one!r}' if self.one else ''}"

    def in_words(self, method: str) -> str:
        """What one of its rows predicts by, for a reader."""
        found = re.fullmatch(self.pattern, method, re.DOTALL)
        return self.words.format(*found.groups()) if found else method


KINDS = (
    RowKind("majority", "majority", "everybody's most common answer"),
    RowKind(
        "group majority",
        "group majority: (.+)",
        "the most common answer of people with the same {0}",
        traits=True,
        one="group majority: TRAIT x TRAIT",
        stands_for="by each trait",
    ),
    RowKind(
        "boosted trees",
        "boosted trees: traits",
        "boosted trees, from the person's traits",
        traits=True,
        default=False,
        one="boosted trees: traits",
        stands_for="from traits, and from traits and answers; the extra trees",
    ),
    RowKind(
        "boosted trees: traits and answers",
        "boosted trees: traits and answers",
        "boosted trees, from the person's traits and answers",
        traits=True,
        chosen_with="boosted trees",
    ),
    RowKind(
        "embedder alone",
        "embedder alone: (.+)",
        "the person's point in the space ({0}), without a language model",
        space=True,
        one="embedder alone: NAME",
        stands_for="the run's own",
    ),
    RowKind(
        "embedder alone at clusters",
        r"embedder alone at cluster k=(\d+)",
        "{0} personas, without a language model",
        space=True,
        default=False,
        one="embedder alone at cluster k=20",
    ),
    RowKind(
        "embedder alone at demographic personas",
        "embedder alone at demographic: (.+)",
        "the mean of people with the same {0}, without a language model",
        space=True,
        traits=True,
        default=False,
        one="embedder alone at demographic: TRAIT",
    ),
    RowKind(
        "question prior",
        "question prior",
        "the question's text and the person's point, without a language model",
        space=True,
    ),
    RowKind("similar question", "similar question", "the most common answer to the most similar question"),
    RowKind("own similar answer", "own similar answer", "the person's own answer to the most similar question"),
    RowKind(
        "new questions",
        "topline",
        "everybody's shares, known",
        default=False,
        stands_for="of which 5, 10, 20, 50 and 100 respondents were asked each",
    ),
    RowKind("pilot majority", "pilot majority", "the pilot's most common answer", chosen_with="new questions"),
    RowKind("raw question", "raw question", "a language model that knows nothing of the person", BASE),
    RowKind(
        "demographics",
        "demographics",
        "a language model given the person's traits",
        BASE,
        traits=True,
        prompted=True,
        default=False,
    ),
    RowKind(
        "context",
        r"context K=(\d+)",
        "a language model given {0} answers of the person",
        BASE,
        prompted=True,
        default=False,
        one="context K=5",
        stands_for="K=3, 5, 8, 10",
    ),
    RowKind(
        "system prompt",
        "system prompt: .+",
        "a language model given a persona in words",
        BASE,
        prompted=True,
        default=False,
    ),
    RowKind(
        "question prior with states",
        "question prior with states",
        "the same, given a language model's reading of the question",
        STEERED,
        space=True,
        chosen_with="question prior",
    ),
    RowKind("untrained", "untrained", "the steered model before its training", STEERED),
    RowKind("individual", "individual", "a language model steered to each person", STEERED, space=True),
    RowKind(
        "clusters",
        r"cluster k=(\d+)",
        "a language model steered to {0} personas",
        STEERED,
        space=True,
        one="cluster k=20",
        stands_for="the run's own, k=6, 10, 20, 30, 50",
    ),
    RowKind(
        "demographic personas",
        "demographic: (.+)",
        "a language model steered to the mean of people with the same {0}",
        STEERED,
        space=True,
        traits=True,
        one="demographic: TRAIT x TRAIT",
        stands_for="by each trait",
    ),
    RowKind("noise floor", "noise floor", "the truth, as far off as random halves of the people are by chance"),
    RowKind(
        "own answer, asked again",
        "own answer, asked again",
        "the person's own answer at another interview",
        chosen_with="a second interview",
    ),
)
"""Every kind, in the order of the table."""

ROWS = {kind.name: kind for kind in KINDS if not kind.chosen_with}
"""Those that are chosen, by name."""

OF_TRAITS = {kind.one.partition(":")[0]: kind.name for kind in ROWS.values() if "TRAIT" in kind.one}
"""What stands before the colon and a trait, and the row it belongs to."""

HELP = ", ".join([f"{DEFAULT} (those that take little time)", *(kind.help for kind in ROWS.values())])
"""How rows are chosen, in a help text."""

NAMES = (
    f"{', '.join([DEFAULT, *(name.replace(' ', '-') for name in ROWS)])}, or one of several, such as 'context K=5' "
    "or 'demographic: TRAIT x TRAIT'"
)
"""What is allowed, in messages."""


def kind_of(method: str) -> RowKind | None:
    """The kind of a row by its name in the table; ``None`` for a name that no kind has.

    Example:
        >>> kind_of("cluster k=6").in_words("cluster k=6")
        'a language model steered to 6 personas'
    """
    return next((kind for kind in KINDS if re.fullmatch(kind.pattern, method, re.DOTALL)), None)
