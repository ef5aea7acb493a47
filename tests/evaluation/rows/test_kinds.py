"""Kinds of rows: every row of a table is of one, and every kind can be chosen as its help says."""

from __future__ import annotations

import re

import pytest

from personaspace.errors import one_line
from personaspace.evaluation.results import Results
from personaspace.evaluation.rows.choice import chosen_rows
from personaspace.evaluation.rows.kinds import HELP, KINDS, NAMES, ROWS, kind_of
from personaspace.survey.simulate import simulate


def test_every_row_of_a_table_is_of_one_kind(results: Results) -> None:
    rare = {
        "boosted trees: traits", "boosted trees: traits and answers", "context K=3", "topline", "pilot majority",
        "demographics", "system prompt: cluster k=3", "system prompt: individual", "embedder alone at cluster k=3",
        "embedder alone at demographic: age x region", "own answer, asked again",
    }  # fmt: skip
    for method in {row.method for row in results.rows} | rare:
        kinds = [kind for kind in KINDS if re.fullmatch(kind.pattern, method, re.DOTALL)]
        assert kinds == [kind_of(method)], method
        assert "{" not in kinds[0].in_words(method)
    assert kind_of("guessing") is None


def test_all_names_fit_into_the_one_line_of_an_error() -> None:
    assert len(one_line(f"error: unknown row {'x' * 60!r}: give some of {NAMES}")) < 500
    assert "…" not in one_line(f"error: unknown row {'x' * 60!r}: give some of {NAMES}")


def test_a_trait_s_name_may_be_anything() -> None:
    kind = kind_of("demographic: a\nb (.+) {0}")
    assert kind is ROWS["demographic personas"]
    assert kind.in_words("demographic: {0}") == "a language model steered to the mean of people with the same {0}"


@pytest.mark.parametrize("name", ROWS)
def test_every_kind_is_chosen_as_its_help_says(name: str) -> None:
    train, kind = simulate(respondents=60, seed=0), ROWS[name]
    hyphened = name.replace(" ", "-")
    assert hyphened in HELP and hyphened in NAMES
    assert name in chosen_rows(hyphened, train)
    if kind.one:
        one = kind.one.replace("TRAIT x TRAIT", "age x region").replace("TRAIT", "age").replace("NAME", "lightgcn")
        assert kind.one in HELP
        assert chosen_rows(one, train).names == {name}
        assert chosen_rows(one, train) != chosen_rows(hyphened, train)
