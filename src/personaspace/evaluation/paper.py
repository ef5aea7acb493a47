"""The paper's tables (arXiv 2311.04978, published at NAACL 2024): its figures, and the same rows of a run beside them.

The paper measures macro accuracy on 18,339 respondents and 1,476 questions of OpinionQA, 15 waves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from personaspace.errors import printable
from personaspace.evaluation.results import MAIN_METRIC, Results
from personaspace.evaluation.rows.choice import CLUSTERS, CONTEXTS, PAIR

KNOWN = (1, 5, 10, 20, 50, 100)
"""Known answers of the unseen respondents."""

HELD_OUT = "held-out answers"
PARTY, CROSSED = "POLPARTY", ("EDUCATION", "INCOME", "RELIG")
"""The trait whose personas are a column of the main table, and those it is crossed with."""

STEERING, UNSEEN, TRAITS, PAIRS, CONTEXT = (
    "Steering",
    "Unseen respondents",
    "Single traits",
    "Pairs of traits",
    "Answers in the prompt",
)

COLUMNS = {
    "majority": "majority",
    "embedder alone": "embedder alone",
    "question prior": "question prior",
    "raw question": "raw question",
    "demographics": "demographics",
    "context K=5": "context K=5",
    "individual (prefix)": "individual (prefix)",
    "individual (prompt)": "individual (prompt)",
    "untrained": "untrained",
    f"demographic: {PARTY}": "party persona",
    **{f"cluster k={k}": f"{k} clusters" for k in CLUSTERS},
}
"""Columns of the main table, by the name of the row of an evaluation."""

_MODELS = ("GPT-Neo-1.3B", "GPT-Neo-2.7B", "GPT-J-6B", "Falcon-7B-Instruct")
_STEERING = {
    "raw question": (32.54, 31.09, 26.50, 36.10),
    "demographics": (33.40, 34.32, 31.86, 38.40),
    "context K=5": (33.82, 30.43, 39.34, 37.96),
    "individual (prefix)": (59.99, 60.59, 61.84, 60.78),
    "individual (prompt)": (59.65, 58.96, 59.41, 57.98),
    "untrained": (7.92, 8.31, 23.26, 38.20),
    "party persona": (55.16, 55.66, 55.64, 52.87),
    "6 clusters": (55.57, 55.79, 55.82, 54.24),
    "10 clusters": (56.65, 56.93, 57.13, 56.72),
    "20 clusters": (58.11, 58.61, 58.97, 58.99),
    "30 clusters": (58.41, 58.93, 59.52, 59.18),
    "50 clusters": (58.74, 59.42, 59.86, 59.39),
}
_UNSEEN = {
    "GPT-Neo-1.3B": (40.02, 46.83, 49.97, 53.27, 56.18, 57.74),
    "GPT-J-6B": (41.41, 49.29, 52.19, 55.08, 57.73, 58.75),
}
_TRAITS = {"EDUCATION": 53.24, "INCOME": 53.09, "RACE": 53.02, "RELIG": 53.85, PARTY: 55.16}
_PAIRS = {"EDUCATION": 55.59, "INCOME": 55.78, "RELIG": 55.88}


def published() -> pd.DataFrame:
    """The paper's figures.

    Returns:
        A row per figure: ``table``, ``row`` (the model), ``column`` and ``value``, a share.

    Example:
        >>> print(wide(published(), UNSEEN).loc["GPT-J-6B (published)", "K=5"])
        0.4929
    """
    found = [(STEERING, model, name, row[at]) for at, model in enumerate(_MODELS) for name, row in _STEERING.items()]
    found += [
        (UNSEEN, model, f"K={k}", value) for model, row in _UNSEEN.items() for k, value in zip(KNOWN, row, strict=True)
    ]
    found += [(TRAITS, _MODELS[0], trait, value) for trait, value in _TRAITS.items()]
    found += [(PAIRS, _MODELS[0], f"{PARTY}{PAIR}{trait}", value) for trait, value in _PAIRS.items()]
    found += [(CONTEXT, model, "K=5", _STEERING["context K=5"][at]) for at, model in enumerate(_MODELS)]
    table = pd.DataFrame(found, columns=["table", "row", "column", "value"])
    return table.assign(value=(table["value"] / 100).round(4), row=table["row"] + " (published)")


def rows_of_the_paper(traits: Sequence[str]) -> list[str]:
    """Names of the rows without prompts that the paper measures on held-out answers, for a survey with these traits."""
    named = ["majority", "embedder-alone", "untrained", "individual", *(f"cluster k={k}" for k in CLUSTERS)]
    named += ["demographic-personas"] if traits else []
    return named + [f"demographic: {PARTY}{PAIR}{trait}" for trait in CROSSED if {PARTY, trait} <= {*traits}]


def cells_of(results: Results, row: str, form: str) -> pd.DataFrame:
    """Place the measurements of an evaluation in the paper's tables.

    Args:
        results: Of a steered model, or of a base model alone.
        row: What the rows of the tables are called.
        form: ``prefix`` or ``prompt``, the form of the steered model's virtual tokens.

    Returns:
        A row per figure: ``table``, ``row``, ``column``, ``value``, ``low``, ``high``, ``respondents`` and ``answers``.
    """
    placed = [
        (table, name, column, found.value, found.low, found.high, found.respondents, found.answers)
        for found in results.rows
        if found.metric == MAIN_METRIC and not found.weighted
        for table, name, column in _places(found.split, found.method, row, form)
    ]
    names = ["table", "row", "column", "value", "low", "high", "respondents", "answers"]
    return pd.DataFrame(placed, columns=names)


def _places(split: str, method: str, row: str, form: str) -> Iterator[tuple[str, str, str]]:
    """Where a measurement stands: the tables, and of each the row and the column."""
    method = re.sub(r"^(embedder alone): .*", r"\1", method)
    method = f"individual ({form})" if method == "individual" else method
    if found := re.fullmatch(r"unseen respondents (K=\d+)", split):
        yield UNSEEN, (f"{row}, {form}" if method.startswith("individual") else method), found[1]
        return
    if method in COLUMNS:
        yield STEERING, row, COLUMNS[method]
    if found := re.fullmatch(r"demographic: (.+)", method, re.DOTALL):
        yield (PAIRS if PAIR in found[1] else TRAITS), row, found[1]
    if found := re.fullmatch(r"context (K=\d+)", method):
        yield CONTEXT, row, found[1]


def beside(figures: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """Published figures above measured ones, without those of traits and pairs that were not measured here."""
    both = pd.MultiIndex.from_frame(figures[["table", "column"]])
    here = both.isin(pd.MultiIndex.from_frame(measured[["table", "column"]]))
    kept = figures[here | ~figures["table"].isin([TRAITS, PAIRS])]
    return pd.concat([kept, measured], ignore_index=True)


def wide(cells: pd.DataFrame, table: str) -> pd.DataFrame:
    """One of the paper's tables as it is laid out: models in rows, NaN where nothing was measured or published."""
    part = cells[cells["table"] == table]
    found = part.pivot_table(index="row", columns="column", values="value", sort=False)
    orders = {
        STEERING: list(COLUMNS.values()),
        UNSEEN: [f"K={k}" for k in KNOWN],
        CONTEXT: [f"K={k}" for k in CONTEXTS],
    }
    order = [name for name in orders.get(table, []) if name in found]
    return found[order or list(found.columns)]


def markdown(cells: pd.DataFrame, notes: Mapping[str, str]) -> str:
    """Every table of the paper in Markdown, percent, with 95% intervals where there are any.

    Args:
        cells: Of :func:`published` and :func:`cells_of`, one below the other.
        notes: Sentences below the tables by their heading.
    """
    parts = []
    for table in cells["table"].unique():
        shape = wide(cells, table)
        shown = cells[cells["table"] == table].set_index(["row", "column"])
        lines = [f"| {table} | {' | '.join(map(_plain, shape.columns))} |", "|---" * (len(shape.columns) + 1) + "|"]
        for row in shape.index:
            texts = [_cell(shown.loc[(row, column)]) if (row, column) in shown.index else "" for column in shape]
            lines.append(f"| {_plain(row)} | {' | '.join(texts)} |")
        parts.append("\n".join(lines))
    parts.append("\n".join(f"- {heading}: {_plain(note)}" for heading, note in notes.items()))
    return "\n\n".join(parts) + "\n"


def _cell(found: pd.Series[float]) -> str:
    value = f"{100 * found['value']:.1f}"
    return value if pd.isna(found["low"]) else f"{value} [{100 * found['low']:.1f}, {100 * found['high']:.1f}]"


def _plain(name: object) -> str:
    return printable(name).replace("|", "\\|").replace("<", "&lt;")
