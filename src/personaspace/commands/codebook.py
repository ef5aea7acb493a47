"""``personaspace codebook``: draft a codebook of a table, to be read and corrected."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personaspace.commands.options import AsJson
from personaspace.commands.printing import print_json, say


def codebook(
    file: Annotated[Path, typer.Argument(help="A table: CSV, Excel, parquet, SPSS, Stata or a platform's export.")],
    out: Annotated[Path | None, typer.Option(help="File to write. Default: print it.")] = None,
    encoding: Annotated[str | None, typer.Option(help="How characters are written, such as cp1252.")] = None,
    as_json: AsJson = False,
) -> None:
    """Draft a commented codebook: what every column of a file is for, by stated rules, for you to correct.

    Example: personaspace codebook survey.sav --out survey.codebook.yaml
    """
    from personaspace.console import Reporter
    from personaspace.errors import RunError, SurveyError
    from personaspace.files import user_path, write_atomically
    from personaspace.survey.readers.drafted import draft_of
    from personaspace.survey.readers.formats.registry import SUFFIXES

    path = user_path(file)
    if not path.is_file():
        raise SurveyError(f"there is no file {path}: a codebook describes a table ({', '.join(SUFFIXES)})")
    if out is not None and out.exists():
        raise RunError(f"{out} exists and may hold your corrections: choose another --out, or remove it")
    with Reporter() as reporter:
        reporter.step("codebook", 0, 1, f"reading {path.name}")
        drafted = draft_of(path, encoding)
        reporter.step("codebook", 1, 1, f"{len(drafted.guesses)} columns")
        doubtful = [guess for guess in drafted.guesses if not guess.sure]
        if out is not None:
            write_atomically(out, lambda place: place.write_text(drafted.to_yaml(), encoding="utf-8"))
            reporter.say(f"written to {out}: look at its {len(doubtful)} doubtful guess(es), then fit with --codebook")
    if as_json:
        guesses = [{"column": g.column, "role": g.role, "why": g.why, "sure": g.sure} for g in drafted.guesses]
        print_json({"file": str(path), "codebook": drafted.content, "guesses": guesses})
    elif out is None:
        say(drafted.to_yaml().rstrip("\n"), lines=True)
