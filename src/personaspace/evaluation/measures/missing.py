"""Why metrics do not exist on an evaluation set, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterable

from personaspace.evaluation.measures.noise_floor import NOISE_FLOOR
from personaspace.evaluation.notes import Notes
from personaspace.evaluation.results import Row

FEW = "n/a for the noise floor, which needs ten answers to a question on average"
WHY = {
    "wasserstein": "n/a, no question has options with an order",
    "sd_ratio": "n/a, no question whose options have an order was answered in different ways",
    "r2": "n/a, no question has ten answers that are different numbers",
    "rank_correlation": "n/a, no question has ten answers that are different numbers",
    "share_of_retest": "n/a, nobody gave an answer again",
}
"""Why a metric is missing on a whole evaluation set; those that groups or pairs of questions are too small for have
notes of their own."""

WEIGHTLESS = "n/a with survey weights, everybody who is counted has weight 0"


def notes_on_missing(rows: Iterable[Row]) -> list[str]:
    """Say why metrics are missing.

    Args:
        rows: Measurements; unweighted ones stand before those with survey weights, the noise floor behind.

    Example:
        >>> nan = math.nan
        >>> notes_on_missing([Row("held-out answers", "majority", "wasserstein", nan, nan, nan, 9, 20)])
        ['wasserstein: n/a, no question has options with an order (on held-out answers)']
    """
    notes = Notes()
    missing: set[tuple[str, str]] = set()
    for row in rows:
        if math.isnan(row.low) and not math.isnan(row.value):
            notes.add("n/a, there is one respondent", "intervals", row.split)
        key = (row.split, row.metric)
        if not math.isnan(row.value) or key in missing:
            continue
        missing.add(key)
        if row.method == NOISE_FLOOR:
            notes.add(FEW, row.metric, row.split)
        elif row.weighted:
            notes.add(WEIGHTLESS, row.metric, row.split)
        elif row.metric in WHY:
            notes.add(WHY[row.metric], row.metric, row.split)
    return notes.sentences
