"""``personaspace ask`` on a small steered run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.line import fail, succeed

ASK = ("Is it late?", "--option", "Yes", "--option", "No", "--option", "Not sure")
CLUSTERS = {"cluster-1", "cluster-2", "cluster-3"}


def test_every_persona_answers_or_those_named(steered_run: Path) -> None:
    answers = succeed("ask", steered_run, *ASK, "--json")["answers"]
    assert set(answers) == CLUSTERS
    assert all(abs(sum(row.values()) - 1) < 1e-5 for row in answers.values())
    assert set(succeed("ask", steered_run, *ASK, "--json", "--persona", "cluster-2")["answers"]) == {"cluster-2"}


def test_sensitivity_intervals_and_refusals_are_shown(steered_run: Path) -> None:
    more = ("--orders", "6", "--alphabets", "ABC,123", "--interval")
    found = succeed("ask", steered_run, *ASK, *more, "--json")
    assert set(found["answers"]) == set(found["refused"]) == set(found["sensitivity"]) == CLUSTERS
    assert all(0 <= found["refused"][name] <= 1 for name in CLUSTERS)
    assert all(found["low"][name][o] <= found["high"][name][o] for name in CLUSTERS for o in ("Yes", "No", "Not sure"))
    assert 0 < found["mean_total_variation"] < 1
    assert found["share_whose_top_changes"] in (0, pytest.approx(1 / 3), pytest.approx(2 / 3), 1)
    shown = succeed("ask", steered_run, *ASK, *more)
    assert " to " in shown
    assert "would refuse to answer: cluster-1" in shown
    assert "between phrasings answers differ by" in shown


def test_a_mixture_may_be_asked(steered_run: Path) -> None:
    mixed = ("--mix", "cluster-1=1,cluster-2=3", "--persona", "cluster-1", "--json")
    found = succeed("ask", steered_run, *ASK, *mixed)["answers"]
    assert list(found) == ["cluster-1", "0.25 cluster-1 + 0.75 cluster-2"]
    (only,) = succeed("ask", steered_run, *ASK, "--mix", "cluster-1=2", "--json")["answers"].values()
    assert only == pytest.approx(found["cluster-1"])


def test_markup_in_questions_is_shown_as_it_is(steered_run: Path) -> None:
    shown = succeed("ask", steered_run, "[bold]Late?[/bold]", "--option", "[red]Yes", "--option", "No")
    assert "[bold]Late?[/bold]" in shown
    assert "[red]Yes" in shown


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--persona", "clster-2"), "did you mean 'cluster-2'"),
        (("--mix", "cluster-9=1"), "unknown persona 'cluster-9'"),
        (("--mix", "cluster-1=much"), "write NAME=NUMBER"),
        (("--mix", "cluster-1"), "write NAME=NUMBER"),
        (("--mix", "cluster-1=1,cluster-1=2"), "every name once"),
        (("--mix", "cluster-1=nan"), "weights are finite"),
        (("--mix", "cluster-1=0"), "one is above 0"),
        (("--strength", "inf"), "strength is inf"),
        (("--alphabets", "XYZ"), "unknown alphabet 'XYZ'"),
        (("--option", "Yes"), "'Yes' twice"),
    ],
)
def test_what_cannot_be_asked_is_said(steered_run: Path, arguments: tuple[str, ...], message: str) -> None:
    assert message in fail("ask", steered_run, *ASK, *arguments)


def test_one_option_is_no_question(steered_run: Path) -> None:
    assert "1 option" in fail("ask", steered_run, "Late?", "--option", "Yes")


def test_a_run_that_was_not_steered_says_how(fitted_run: Path) -> None:
    assert "no stage 'steer' yet: run `personaspace steer" in fail("ask", fitted_run, *ASK)
