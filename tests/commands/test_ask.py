"""``personaspace ask`` on a small steered run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from personaspace.runs.fitted import open_run
from tests.commands.line import fail, personaspace, succeed
from tests.runs.test_fitted import without_prior

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


def test_without_a_language_model_the_question_prior_answers_with_intervals(fitted_run: Path) -> None:
    found = succeed("ask", fitted_run, *ASK, "--json")
    assert list(found["answers"]) == [*sorted(CLUSTERS), "everybody"]
    for name, row in found["answers"].items():
        assert sum(row.values()) == pytest.approx(1)
        assert all(0 <= found["low"][name][o] <= row[o] <= found["high"][name][o] <= 1 for o in row)
    assert (found["language_model"], found["known"], found["pilot"]) == (None, False, {"answers": 0, "blank": 0})
    shown = succeed("ask", fitted_run, *ASK)
    assert shown.index("cluster-3") < shown.index("everybody") < shown.index(" to ", shown.index("everybody"))
    assert shown.endswith("expected from its text; no language model was asked\n")


def test_a_steered_run_asks_its_language_model_unless_told_not_to(steered_run: Path, fitted_run: Path) -> None:
    model = succeed("ask", steered_run, *ASK, "--json")
    assert model["language_model"] and "low" not in model and "everybody" not in model["answers"]
    assert "no language model" not in succeed("ask", steered_run, *ASK)
    prior = succeed("ask", steered_run, *ASK, "--no-model", "--json")
    assert prior["answers"] == succeed("ask", fitted_run, *ASK, "--json")["answers"]
    for only in (("--orders", "2"), ("--alphabets", "123"), ("--strength", "2")):
        assert "no language model is asked" in fail("ask", steered_run, *ASK, "--no-model", *only)


def test_a_pilot_a_topline_and_a_crosstab_move_everybody(fitted_run: Path, tmp_path: Path) -> None:
    run = open_run(fitted_run)
    (old, *_), trained = sorted(run.split.train.traits["age"].dropna().unique()), run.split.train.respondents
    unseen = run.split.unseen_known.respondents[0]
    answers = "".join(f"{name},Yes\n" for name in (*trained[:7], unseen)) + f"{trained[8]},\n"
    (tmp_path / "pilot.csv").write_text(f"respondent,answer\n{answers}")
    (tmp_path / "groups.csv").write_text(f"trait,group,Yes,No,Not sure\nage,{old},95,3,2\n")
    before = everybody(fitted_run)
    piloted = succeed("ask", fitted_run, *ASK, "--pilot", tmp_path / "pilot.csv", "--json")
    assert piloted["pilot"] == {"answers": 8, "blank": 1}
    assert piloted["answers"]["everybody"]["Yes"] > before["Yes"] + 0.1
    published = everybody(fitted_run, "--topline", "Not sure=7,Yes=81,No=12", "--topline-n", "5000")
    assert published["Yes"] == pytest.approx(0.81, abs=0.01)
    assert everybody(fitted_run, "--topline", "Yes=81,No=12,Not sure=7", "--topline-n", "1")["Yes"] < published["Yes"]
    grouped = everybody(fitted_run, "--crosstab", tmp_path / "groups.csv", "--crosstab-n", "5000")
    assert grouped["Yes"] > before["Yes"] + 0.05
    every = ("--topline", "Yes=81,No=12,Not sure=7", "--crosstab", tmp_path / "groups.csv")
    shown = succeed("ask", fitted_run, *ASK, "--pilot", tmp_path / "pilot.csv", *every)
    assert "the pilot has 8 answer(s) and 1 blank\n" in shown
    assert "expected from its text, a pilot, a topline, a crosstab; no language model was asked" in shown


def test_a_language_model_is_told_a_topline(steered_run: Path) -> None:
    topline = ("--topline", "Yes=2,No=3,Not sure=95", "--topline-n", "5000")
    before, told = (succeed("ask", steered_run, *ASK, *more, "--json") for more in ((), topline))
    assert told["language_model"] == before["language_model"]
    assert all(told["answers"][name]["Not sure"] > before["answers"][name]["Not sure"] + 0.2 for name in CLUSTERS)
    assert "was told what is expected from its text, a topline\n" in succeed("ask", steered_run, *ASK, *topline)


def test_options_in_a_topline_may_hold_commas_and_equals_signs(fitted_run: Path) -> None:
    options = ("--option", "Yes, a lot = 3", "--option", "No")
    asked = (
        "ask",
        fitted_run,
        "Late?",
        *options,
        "--topline",
        "Yes, a lot = 3=90,No=10",
        "--topline-n",
        "9000",
        "--json",
    )
    assert succeed(*asked)["answers"]["everybody"]["Yes, a lot = 3"] == pytest.approx(0.9, abs=0.01)


def test_a_question_that_was_asked_is_known(steered_run: Path) -> None:
    question = open_run(steered_run).embedder.questions_[0]
    options = [word for option in reversed(question.options) for word in ("--option", option.text)]
    known = "asked this question with these options: its answers are known, not new"
    assert known in succeed("ask", steered_run, question.text, *options)
    assert known in succeed("ask", steered_run, question.text, *options, "--no-model")
    found = succeed("ask", steered_run, question.text, *options, "--no-model", "--json")
    assert found["known"] and "low" not in found
    assert "its answers are known already" in fail(
        "ask", steered_run, question.text, *options, "--topline", f"{question.options[0].text}=100"
    )


def test_a_run_without_a_question_prior_says_that_it_is_fitted_now(fitted_run: Path, tmp_path: Path) -> None:
    old = without_prior(fitted_run, tmp_path)
    done = personaspace("ask", old, *ASK, "--json")
    assert done.stderr == (
        "note: this run holds no question prior: it is fitted for this answer alone; run `fit` again to keep it\n"
    )
    assert json.loads(done.stdout)["answers"]["everybody"] == pytest.approx(everybody(fitted_run))
    assert not (old / "newquestions").exists()


def test_a_hundred_options_are_answered(fitted_run: Path) -> None:
    options = [word for place in range(100) for word in ("--option", f"number {place}")]
    found = succeed("ask", fitted_run, "Which?", *options, "--json")["answers"]["everybody"]
    assert len(found) == 100 and sum(found.values()) == pytest.approx(1)


PILOTS = {
    "nobody": "nobody,Yes\n",
    "maybe": "{0},Maybe\n",
    "twice": "{0},Yes\n{0},Yes\n",
    "contradicting": "{0},Yes\n{1},\n{0},No\n",
    "nameless": ",Yes\n",
}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--pilot", "nobody"), "unknown respondent 'nobody'"),
        (("--pilot", "maybe"), "row 1: unknown option 'Maybe'"),
        (("--pilot", "twice"), "stands in rows 1 and 2: keep one"),
        (("--pilot", "contradicting"), "stands in rows 1 and 3: keep one"),
        (("--pilot", "nameless"), "row 1 has an answer and no respondent"),
        (("--pilot", "missing"), "no file that is there"),
        (("--pilot", "~nouser/pilot.csv"), "check it"),
        (("--topline", "Yes=38,No=55"), "sum to 93, not to 1 or to 100"),
        (("--topline", "Yes=138,No=-38"), "a share of -38"),
        (("--topline", "Yes=nan,No=1"), "a share of nan"),
        (("--topline", "Yes=40,Now=60"), "unknown option 'Now': did you mean 'No'"),
        (("--topline", "Yes=40,Yes=60"), "every name once"),
        (("--topline", "many"), "cannot read the topline 'many'"),
        (("--topline-n", "500"), "--topline-n says how many people are behind --topline: give that too"),
        (("--crosstab-n", "500"), "--crosstab-n says"),
        (("--crosstab", "groups"), "unknown group 'age=dinosaurs'"),
        (("--crosstab", "nobody"), "lacks the column 'trait'"),
    ],
)
def test_what_is_wrong_with_a_pilot_or_shares_is_one_line(
    arguments: tuple[str, str], message: str, fitted_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = open_run(fitted_run).split.train.respondents
    for name, rows in PILOTS.items():
        (tmp_path / name).write_text(f"respondent,answer\n{rows.format(*trained)}")
    (tmp_path / "groups").write_text("trait,group,Yes,No\nage,dinosaurs,60,40\n")
    monkeypatch.chdir(tmp_path)
    said = fail("ask", fitted_run, *ASK, *arguments)
    assert message in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("command", ["ask", "pilot"])
def test_an_empty_question_or_option_is_an_error(command: str, fitted_run: Path) -> None:
    assert "the question is empty" in fail(command, fitted_run, " ", *ASK[1:])
    assert "option 4 of the question is empty" in fail(command, fitted_run, *ASK, "--option", "")


def everybody(run: Path, *arguments: str | Path) -> dict[str, float]:
    answers: dict[str, float] = succeed("ask", run, *ASK, *arguments, "--json")["answers"]["everybody"]
    return answers
