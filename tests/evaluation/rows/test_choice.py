"""Rows by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from personaspace.errors import SettingError, UnknownNameError
from personaspace.evaluation.rows.choice import CLUSTERS, CONTEXTS, OWN, TREES, Points, chosen_rows
from personaspace.evaluation.rows.kinds import BASE, NOTHING, ROWS
from personaspace.survey.simulate import simulate
from personaspace.survey.survey import Survey

TAKES_LONG = {"demographics", "context", "system prompt", "new questions", "boosted trees",
              "embedder alone at clusters", "embedder alone at demographic personas"}  # fmt: skip


@pytest.fixture(scope="module")
def train() -> Survey:
    return simulate(respondents=200, seed=0)


def test_default_leaves_out_what_takes_long(train: Survey) -> None:
    chosen = chosen_rows("default", train)
    assert chosen.names == ROWS.keys() - TAKES_LONG
    each = tuple((trait,) for trait in train.traits.columns)
    assert (chosen.contexts, chosen.trees, chosen.alone) == ((), (), Points())
    assert chosen.steered == Points(own_clusters=True, groups=each)
    assert (chosen.majorities, chosen.embedders) == (each, (OWN,))


def test_a_family_and_one_of_it(train: Survey) -> None:
    assert chosen_rows("context", train).contexts == CONTEXTS
    assert chosen_rows("clusters", train).steered == Points(True, CLUSTERS)
    one = chosen_rows("context K=7, cluster k=4, Context K = 7", train)
    assert (one.contexts, one.steered) == ((7,), Points(clusters=(4,)))
    assert chosen_rows("embedder-alone-at-clusters", train).alone == Points(True, CLUSTERS)
    at = chosen_rows("embedder alone at cluster k=4,embedder-alone-at-demographic: age", train)
    assert (at.alone, at.steered) == (Points(clusters=(4,), groups=(("age",),)), Points())
    assert chosen_rows("boosted-trees", train).trees == TREES
    assert chosen_rows("boosted trees: traits and answers", train).trees == ("traits and answers",)
    assert chosen_rows("embedder-alone, embedder alone: committee", train).embedders == (OWN, "committee")


def test_hyphens_and_spaces_are_alike_and_rows_are_joined(train: Survey) -> None:
    assert chosen_rows("raw-question,own similar answer", train).names == {"raw question", "own similar answer"}
    joined = chosen_rows(["default", "context K=3"], train)
    assert joined.names == ROWS.keys() - TAKES_LONG | {"context"}
    assert joined.contexts == (3,)


def test_a_pair_of_traits(train: Survey) -> None:
    chosen = chosen_rows("demographic: age x region, demographic: age, group-majority: age x region", train)
    assert chosen.steered.groups == (("age", "region"), ("age",))
    assert chosen.majorities == (("age", "region"),)
    both = replace(train, traits=train.traits.assign(**{"age x region": train.traits["age"]}))
    assert chosen_rows("demographic: age x region", both).steered.groups == (("age x region",),)


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (
            "raw question, contxt",
            UnknownNameError,
            "unknown row 'contxt': give some of default, .*context K=5",
        ),
        ("", SettingError, "no rows are named"),
        ("context K=0", SettingError, "context K=0 is 0"),
        ("demographic: shoes x age", UnknownNameError, "unknown trait 'shoes'.*age"),
        ("group majority: shoes", UnknownNameError, "unknown trait 'shoes'.*age"),
        ("demographic: age x age", SettingError, "give two different ones"),
        ("embedder alone: comittee", UnknownNameError, "unknown embedder 'comittee': did you mean 'committee'"),
        ("boosted trees: answers", UnknownNameError, "unknown row 'boosted trees: answers'"),
    ],
)
def test_what_is_allowed_is_said(train: Survey, rows: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        chosen_rows(rows, train)


def test_a_row_needs_its_model_and_default_takes_what_there_is(train: Survey) -> None:
    without = {kind.name for kind in ROWS.values() if kind.needs == NOTHING} - TAKES_LONG
    assert chosen_rows("default", train, NOTHING).names == without
    with pytest.raises(SettingError, match="'context' needs a language model"):
        chosen_rows("context", train, NOTHING)
    with pytest.raises(SettingError, match="'demographic: age' needs a steered model"):
        chosen_rows("demographic: age", train, BASE)


def test_a_survey_without_traits_has_no_groups(train: Survey) -> None:
    bare = replace(train, traits=pd.DataFrame(index=list(train.respondents)))
    chosen = chosen_rows("default", bare)
    assert (chosen.majorities, chosen.steered.groups) == ((), ())


def test_a_pair_that_nobody_has_is_refused(train: Survey) -> None:
    halves = train.traits.astype(object)
    halves.iloc[::2, 0], halves.iloc[1::2, 1] = None, None
    apart = replace(train, traits=halves)
    one, other = halves.columns[:2]
    with pytest.raises(SettingError, match="no respondent has a value of"):
        chosen_rows(f"group majority: {one} x {other}", apart)
