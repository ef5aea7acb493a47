"""What a reader should know about cluster personas, in sentences made from the numbers alone."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd

from personaspace.persona.evidence import FOUND_AGAIN, Floor


def notes_on(clusters: pd.DataFrame, limit: Floor, outside: float) -> tuple[str, ...]:
    """A sentence for every cluster below the floor and every minority within, and one on who belongs to none.

    Args:
        clusters: See :func:`~personaspace.persona.evidence.evidence`, with the column ``persona``.
        limit: What a cluster needs to stand alone.
        outside: Share of the weight in no cluster.

    Returns:
        The sentences.
    """
    small = clusters[clusters["verdict"] != "large"]
    sentences = [
        _within(row) if row["verdict"] == "within" else _small(row, limit) for row in small.to_dict(orient="records")
    ]
    if outside > 0:
        sentences.append(f"{outside:.0%} of the respondents, by weight, lie in no cluster and belong to no persona.")
    return tuple(sentences)


def _small(row: dict[Hashable, Any], limit: Floor) -> str:
    fate = f"is kept as the minority {row['persona']}" if row["verdict"] == "minority" else f"joins {row['persona']}"
    again, gain = "It could not be looked for again.", ""
    if not np.isnan(row["found_again"]):
        again = f"Among other respondents it is found again with a Jaccard index of {row['found_again']:.2f}"
        again += f" ({FOUND_AGAIN} is asked)."
    if not np.isnan(row["gain"]):
        gain = f" Knowing it makes its members' other answers {row['gain']:+.3f} nats likelier "
        gain += f"[{row['low']:+.3f}, {row['high']:+.3f}]."
    return (
        f"A cluster of {row['respondents']} respondents, {row['share']:.1%} of the weight, is below the floor of "
        f"{limit.members} and {limit.share:.0%}; it {fate}. {again}{gain}"
    )


def _within(row: dict[Hashable, Any]) -> str:
    return (
        f"Within {row['persona']} lies a minority of {row['respondents']} respondents, {row['share']:.1%} of the "
        f"weight, found again with a Jaccard index of {row['found_again']:.2f}. Knowing it makes its members' other "
        f"answers {row['gain']:+.3f} nats likelier [{row['low']:+.3f}, {row['high']:+.3f}], "
        f"{row['gain_within']:+.3f} beyond knowing the persona."
    )
