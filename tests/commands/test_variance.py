"""``personaspace variance``: personas beside demographic groups."""

from __future__ import annotations

import json
from pathlib import Path

from tests.commands.line import succeed


def test_personas_are_compared_with_groups(fitted_run: Path) -> None:
    rows = {row["grouping"]: row for row in succeed("variance", fitted_run, "--k", "2", "--json")["rows"]}
    assert {"own vectors", "3 cluster personas", "2 cluster personas", "age", "every trait together"} <= set(rows)
    assert rows["own vectors"]["asked"] is None
    json.dumps(rows, allow_nan=False)


def test_pairs_of_traits_are_shortened_in_words_only(fitted_run: Path) -> None:
    shown = succeed("variance", fitted_run)
    pairs = sum(row["kind"] == "two traits" for row in succeed("variance", fitted_run, "--json")["rows"])
    assert f"and {pairs - 5} more pairs of traits" in shown
    assert "two traits" not in {row["kind"] for row in succeed("variance", fitted_run, "--no-pairs", "--json")["rows"]}
