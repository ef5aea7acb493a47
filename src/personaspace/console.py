"""Output on a terminal: progress, tables, bars and texts. Survey text is data here, neither markup nor control."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Self

import pandas as pd
from pandas.api.types import is_numeric_dtype
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from personaspace.errors import printable

if TYPE_CHECKING:
    from personaspace.newquestions.poll import Poll
    from personaspace.steer.generation.writer import Piece

PLAIN_SECONDS = 10.0
BAR = 24


class Reporter:
    """Progress on stderr: a bar per stage on a terminal, a plain line now and then elsewhere.

    Example:
        >>> with Reporter() as reporter:
        ...     reporter.step("embedding", 1, 20, "loss 0.8")
    """

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.progress = Progress(
            TextColumn("{task.description:<17}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=self.console,
        )
        self.tasks: dict[str, TaskID] = {}
        self.last: dict[str, float] = {}

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            self.progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.console.is_terminal:
            self.progress.stop()

    def step(self, stage: str, done: int, total: int, note: str) -> None:
        """Show how far a stage is; ``total`` 0 where it is not known."""
        if self.console.is_terminal:
            if stage not in self.tasks:
                self.tasks[stage] = self.progress.add_task(stage, total=total or None, note="")
            self.progress.update(self.tasks[stage], completed=done, note=printable(note))
        elif done == total or time.monotonic() - self.last.get(stage, 0.0) > PLAIN_SECONDS:
            self.last[stage] = time.monotonic()
            print(f"{stage} {done}/{total or '?'} {printable(note)}", file=sys.stderr, flush=True)

    def say(self, text: str) -> None:
        """Print a line beside the progress."""
        self.console.print(_text(text), highlight=False)


def show_table(table: pd.DataFrame, title: str, digits: int = 3, missing: str = "") -> None:
    """Print a table of numbers on stdout, its index as first column, and a text for those that are missing."""
    grid = Table(title=_text(title), title_justify="left")
    grid.add_column(_text(table.index.name or ""))
    for column in table.columns:
        grid.add_column(_text(column), justify="right" if is_numeric_dtype(table[column]) else "left")
    for name, *values in table.itertuples(name=None):
        cells = [missing if pd.isna(value) else _cell(value, digits) for value in values]
        grid.add_row(_text(name), *map(_text, cells))
    _stdout().print(grid)


def show_poll(poll: Poll) -> None:
    """Print a poll on stdout: a bar per persona and option, and how far it can be relied on."""
    notes = pd.DataFrame(index=poll.probabilities.index, columns=poll.probabilities.columns, data="")
    if poll.low is not None and poll.high is not None:
        notes = _percent(poll.low) + " to" + _percent(poll.high)
    show_bars(poll.probabilities, poll.question.text, notes)
    if poll.refused is not None:
        refusing = ", ".join(f"{persona} {share:.1%}" for persona, share in poll.refused.items())
        _stdout().print(_text(f"would refuse to answer: {refusing}"))
    if poll.sensitivity is not None:
        apart, changed = poll.sensitivity["total_variation"].mean(), poll.sensitivity["top_changes"].mean()
        note = f"between phrasings answers differ by {apart:.3f} (total variation) on average; the likeliest option"
        _stdout().print(_text(f"{note} changes for {changed:.0%} of the personas"))


def show_bars(answers: pd.DataFrame, title: str, notes: pd.DataFrame | None = None) -> None:
    """Print a bar per persona and option on stdout.

    Args:
        answers: Personas in rows, options in columns, probabilities.
        title: The question.
        notes: Text behind each bar.
    """
    console = _stdout()
    console.print(_text(title, "bold", lines=True))
    width = max(len(printable(option)) for option in answers.columns)
    for persona, row in answers.iterrows():
        console.print(_text(persona, "bold cyan"))
        for option, share in row.items():
            bar = "█" * round(BAR * share)
            note = "" if notes is None else notes.at[persona, option]
            console.print(_text(f"  {printable(option):<{width}}  {bar:<{BAR}} {share:6.1%}  {note!s}".rstrip()))


def show_texts(texts: pd.Series[str], title: str) -> None:
    """Print the text of each persona on stdout; the first level of the index is the persona."""
    console = _stdout()
    console.print(_text(title, "bold", lines=True))
    for persona, text in zip(texts.index.get_level_values(0), texts, strict=True):
        console.print(_text(persona, "bold cyan"), _text(text, lines=True))


def show_sentences(answers: pd.DataFrame, title: str) -> None:
    """Print the answer of each persona on stdout and the sentence that says it; as ``answer_in_words`` returns them."""
    console = _stdout()
    console.print(_text(title, "bold", lines=True))
    personas = answers.index.get_level_values(0)
    for persona, answer, text in zip(personas, answers["answer"], answers["text"], strict=True):
        console.print(Text.assemble(_text(persona, "bold cyan"), "  ", _text(answer, "bold")))
        console.print(_text(f"  {text}"))


def show_pieces(pieces: Iterator[Piece]) -> None:
    """Show texts on stdout as they are written: all at once on a terminal, elsewhere each when it is done."""
    console, texts = _stdout(), dict[tuple[str, str, int], Text]()
    with Live(console=console, auto_refresh=False) if console.is_terminal else nullcontext() as live:
        for prompt, persona, sample, added, done in pieces:
            name = Text.assemble(_text(f"{prompt}  {persona}  ", "bold cyan"))
            text = texts.setdefault((prompt, persona, sample), name)
            text.append(printable(added, lines=True))
            if live:
                live.update(Group(*texts.values()), refresh=True)
            elif done:
                console.print(text)


def _text(text: object, style: str = "", lines: bool = False) -> Text:
    return Text(printable(text, lines), style)


def _percent(table: pd.DataFrame) -> pd.DataFrame:
    return table.map(lambda share: "      -" if pd.isna(share) else f"{share:7.1%}")


def _cell(value: object, digits: int) -> str:
    return f"{value:z.{digits}f}" if isinstance(value, float) else str(value)


def _stdout() -> Console:
    """A console as wide as its terminal; where there is none, wide enough not to cut tables."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 160)
