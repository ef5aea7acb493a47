"""``personaspace evaluate``: measure a run and every baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personaspace.commands.options import AsJson, Device, RunFolder, Seed
from personaspace.commands.printing import print_results
from personaspace.errors import SettingError, shown
from personaspace.evaluation.rows.kinds import DEFAULT, HELP


def evaluate(
    run: RunFolder,
    rows: Annotated[
        str,
        typer.Option(help=f"Rows of the table, with commas between them: {HELP}."),
    ] = DEFAULT,
    respondents: Annotated[
        int | None, typer.Option(help="Respondents drawn of each evaluation set, at most; all if not given.", min=1)
    ] = None,
    answers: Annotated[
        int | None, typer.Option(help="Answers drawn of theirs, at most; all if not given.", min=1)
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="Measure this language model as it is, not the one steered; named as for `steer`."),
    ] = None,
    known: Annotated[
        str, typer.Option(help="Numbers of known answers for unseen respondents, with commas between them.")
    ] = "5,20",
    survey: Annotated[
        str | None,
        typer.Option(help="Another survey, file or folder, to measure in place of what the run holds out of its own."),
    ] = None,
    retest: Annotated[
        str | None,
        typer.Option(
            help="The same people's answers at another interview: rows are measured as shares of how consistently "
            "people answer themselves."
        ),
    ] = None,
    codebook: Annotated[
        Path | None, typer.Option(help="Codebook of --survey or --retest. Default: the one beside it.")
    ] = None,
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Measure a run beside every baseline, with 95% bootstrap intervals.

    Example: personaspace evaluate runs/opinionqa

    The rows demographics, context and system-prompt read a prompt for every answer, boosted-trees fit a model to every
    question; how long rows take is said first, and --respondents and --answers bound it. All rows of a table are
    measured on the same answers. A row that cannot be measured is left out, and a note says why. If any option says
    what to measure, the table is written to RUN/rows, and the run's own table stays.

    Example: personaspace evaluate runs/opinionqa --model smollm2 --rows raw-question,demographics,context --answers 500

    Example: personaspace evaluate runs/first --retest second_interview.csv
    """
    from personaspace.console import Reporter
    from personaspace.runs.evaluate import Measured, evaluate_run
    from personaspace.runs.other_survey import read_other, read_retest
    from personaspace.runs.run import Run

    if codebook and bool(survey) == bool(retest):
        raise SettingError("--codebook is of one other survey: give it with --survey or with --retest")
    numbers = known_numbers(known)
    with Reporter() as reporter:
        other = read_other(survey, codebook, reporter.say) if survey else None
        again = read_retest(retest, codebook, reporter.say) if retest else None
        what = Measured(rows, respondents, answers, model, numbers, other, again)
        results = evaluate_run(
            Run.open(run), what, seed=seed, device=device, on_step=reporter.step, on_note=reporter.say
        )
    print_results(results, run / what.stage, as_json)


def known_numbers(text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them.

    Example:
        >>> known_numbers("1, 5,20")
        (1, 5, 20)
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise SettingError(
            f"known is {shown(text)}: give numbers of known answers with commas between them, such as 1,5,20"
        )
    return tuple(map(int, parts))
