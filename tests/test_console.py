"""Text from outside is shown as it is, and never does anything to the terminal."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import personaspace
from personaspace.commands.printing import print_json, say
from personaspace.console import Reporter, show_bars, show_pieces, show_poll, show_sentences, show_table, show_texts
from personaspace.newquestions.poll import Poll
from personaspace.steer.generation.writer import Piece
from personaspace.survey.question import Option, Question

EVIL = "a\x1b]0;t\x07\x1b[2J\r\x08\x7f\x9b31m\u202e\u2066\u2028b"
ESCAPED = r"a\x1b]0;t\x07\x1b[2J\r\x08\x7f\x9b31m\u202e\u2066\u2028b"


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "400")


def check(printed: str) -> None:
    assert ESCAPED in printed
    assert not {*EVIL} - {"a", "b", *"]0;t[2J31m"} & {*printed}


def test_tables_bars_texts_and_pieces(capsys: pytest.CaptureFixture[str]) -> None:
    table = pd.DataFrame({EVIL: [EVIL]}, index=pd.Index([EVIL], name=EVIL))
    question = Question("q", EVIL, (Option(EVIL), Option("No")))
    probabilities = pd.DataFrame([[0.5, 0.5]], index=[EVIL], columns=[EVIL, "No"])
    shows: list[Callable[[], None]] = [
        lambda: show_table(table, EVIL),
        lambda: show_bars(probabilities, EVIL),
        lambda: show_poll(Poll(question, probabilities, refused=pd.Series([0.1], index=[EVIL]))),
        lambda: show_texts(pd.Series([EVIL], index=[EVIL]), EVIL),
        lambda: show_sentences(pd.DataFrame({"answer": [EVIL], "text": [EVIL]}, [EVIL]), EVIL),
        lambda: show_pieces(iter([Piece(EVIL, EVIL, 0, EVIL, True)])),
        lambda: say(EVIL),
    ]
    for show in shows:
        show()
        check(capsys.readouterr().out)


def test_progress_and_notes(capsys: pytest.CaptureFixture[str]) -> None:
    with Reporter() as reporter:
        reporter.say(EVIL)
        check(capsys.readouterr().err)
        reporter.step("embedding", 1, 1, EVIL)
        check(capsys.readouterr().err)


def test_lines_stay_in_texts_and_not_in_names(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\nb", lines=True)
    say("a\nb")
    show_texts(pd.Series(["one\ntwo"], index=["na\nme"]), "title")
    assert capsys.readouterr().out.splitlines() == ["a", "b", r"a\nb", "title", r"na\nme one", "two"]


@pytest.mark.parametrize("indent", [1, None])
def test_json_holds_the_text_and_no_control_character(indent: int | None, capsys: pytest.CaptureFixture[str]) -> None:
    content = {EVIL: [EVIL, "Zürich", "\udcff", '\t\n"']}
    print_json(content, indent)
    printed = capsys.readouterr().out
    assert json.loads(printed) == content
    assert printed.replace("\n", "").isprintable()


def test_commands_print_by_the_functions_that_escape() -> None:
    folder = Path(personaspace.__file__).parent
    for path in [*(folder / "commands").glob("*.py"), *(folder / "runs").glob("*.py")]:
        if path.name != "printing.py":
            calls = [node.func for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
            assert not [call for call in calls if isinstance(call, ast.Name) and call.id == "print"], path
