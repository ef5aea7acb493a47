"""The blanks of a run's survey filled by multiple imputation, as files in the format the survey came in."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter, ValidationError

from personaspace.embedding.base import Embedder
from personaspace.errors import RunError, SurveyError, listed
from personaspace.files import user_path, whole_folder, write_atomically
from personaspace.imputation.multiple import Imputation, blank_cells, impute
from personaspace.runs.fit import CODEBOOK, SIMULATED, OnStep
from personaspace.runs.fitted import FittedRun
from personaspace.runs.run import Run
from personaspace.survey.answers import Pairs
from personaspace.survey.filters import Filter, filtered_questions
from personaspace.survey.readers.codebook_file import beside
from personaspace.survey.readers.registry import read_with_account, writer_of
from personaspace.survey.readers.writer import SourceWriter, WideCsvWriter
from personaspace.survey.storage import digest
from personaspace.survey.survey import Survey

IMPUTED_CELLS = "imputed.parquet"


@dataclass(frozen=True)
class CompletedCopies:
    """The files that an imputation wrote.

    Attributes:
        folder: The folder that holds them.
        copies: One completed copy of the source per draw.
        imputed_cells: The table of every imputed cell: respondent, question, draw, option.
        cells: Number of imputed cells in each copy.
        questions_left: Questions left as they are because the run's embedder was not fitted on them.
        filtered: Questions left blank where they were not asked, with the answers that lead to them.
        own_format: Whether the copies are in the source's own format; else CSV files of option texts.
    """

    folder: Path
    copies: tuple[Path, ...]
    imputed_cells: Path
    cells: int
    questions_left: tuple[str, ...]
    filtered: dict[str, Filter]
    own_format: bool


def impute_run(
    run: Run,
    *,
    draws: int = 5,
    out: Path | None = None,
    questions: Sequence[str] | None = None,
    refusals: bool = False,
    fill_filtered: bool = False,
    source: Path | None = None,
    codebook: Path | None = None,
    seed: int = 0,
    on_step: OnStep | None = None,
) -> CompletedCopies:
    """Impute the blanks of a run's survey several times over and write every completed copy.

    Respondents are embedded by all their answers, also by those that the run held out for evaluation.

    Args:
        run: A fitted run.
        draws: How many copies.
        out: A new or empty folder; ``RUN/imputation`` if not given.
        questions: Ids of the questions to fill, or ``None`` for all.
        refusals: Whether to fill refusals too.
        fill_filtered: Whether to fill filtered questions for those too who were not asked because of an earlier answer.
        source: Where the survey lies now, if it has been moved. The codebook beside it is read, if there is one.
        codebook: Where the codebook lies now, if it has been moved elsewhere.
        seed: The same seed gives the same files.
        on_step: Called with the progress.

    Returns:
        The files written.

    Raises:
        RunError: The source is missing or has changed since the run was fitted, or the folder is not empty.
        SurveyError: There is nothing to fill.
        UnknownNameError: There is no such question.
    """
    out = run.place("imputation") if out is None else out
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"{out} exists and is not empty: remove it, or choose another folder with --out")
    fitted = FittedRun.load(run)
    survey, writer = _source(fitted, source, codebook)
    asked = replace(survey, refusals=Pairs.empty()) if refusals else survey
    filters = {} if fill_filtered else _filters(survey, questions)
    blanks = blank_cells(asked, questions, filters)
    if not len(blanks) and filters:
        raise SurveyError(
            f"nothing is left to fill: {listed(filters, most=5)} are asked only after certain answers to other "
            "questions; give --fill-filtered to fill them for everybody"
        )
    own = writer or WideCsvWriter(survey)
    blanks = blanks.where(own.can_write(blanks))
    left = _not_learned(fitted.embedder, survey, blanks)
    if len(blanks) and len(left) == len({*blanks.question.tolist()}):
        raise SurveyError(
            f"all blanks are in questions the run held out ({', '.join(left[:5])}): fit it with --use-everything"
        )
    imputation = impute(
        fitted.embedder,
        asked,
        blanks,
        draws=draws,
        seed=seed,
        on_draw=lambda done, total: on_step("imputation", done, total, "draws") if on_step else None,
    )
    inside = out.resolve().is_relative_to(run.folder.resolve())
    with run.writing() if inside else nullcontext(), whole_folder(out) as folder:
        written = [own.write(imputation.answers(draw), folder / f"imputation-{draw + 1}") for draw in range(draws)]
        write_atomically(folder / IMPUTED_CELLS, lambda path: _write_cells(imputation, path))
    copies = tuple(out / path.relative_to(folder) for path in written)
    return CompletedCopies(out, copies, out / IMPUTED_CELLS, len(imputation.blanks), left, filters, writer is not None)


def _filters(survey: Survey, questions: Sequence[str] | None) -> dict[str, Filter]:
    """The filters of the questions that are to be filled."""
    found = filtered_questions(survey)
    return {name: one for name, one in found.items() if questions is None or name in questions}


def _write_cells(imputation: Imputation, path: Path) -> None:
    """Write all drawn cells, one draw in memory at a time."""
    schema = pa.Schema.from_pandas(imputation.table(0), preserve_index=False)
    with pq.ParquetWriter(path, schema) as file:
        for draw in range(len(imputation)):
            file.write_table(pa.Table.from_pandas(imputation.table(draw), schema, preserve_index=False))


def _source(fitted: FittedRun, moved: Path | None, given: Path | None) -> tuple[Survey, SourceWriter | None]:
    """The survey as its source holds it now, and a writer in the source's format, ``None`` if that is only read."""
    run = fitted.run
    notes = run.notes("survey")
    if moved is None and notes.get("source") == SIMULATED:
        return fitted.split.survey, None
    if moved is None and not notes.get("source"):
        raise RunError(f"{run.folder} does not say where its survey was read from: give --source PATH")
    path = user_path(moved or notes.get("source") or "")
    if not path.exists():
        raise RunError(f"the survey is no longer at {path}: give --source PATH with where it lies now")
    name, on = fitted.survey_settings.name, notes.get("on")
    several = None if moved else notes.get("sources")
    if several:
        now = read_with_account(_paths(run, several), name=name, on=on).survey
    else:
        drafted = run.place("survey") / CODEBOOK
        codebook = given or (beside(moved) if moved else None) or notes.get("codebook")
        codebook = codebook or (drafted if drafted.is_file() else None)
        now = read_with_account(path, codebook, name=name, on=on).survey
    if digest(now) != fitted.survey_settings.digest:
        raise RunError(
            f"{path} is not as it was when the run was fitted: restore it, give --source PATH with the survey that "
            f"was fitted, or run `personaspace fit {path} --out NEW_RUN`"
        )
    return now, None if several else writer_of(path, codebook, now)


def _paths(run: Run, noted: str) -> list[str]:
    """The files that were joined, as the run notes them."""
    try:
        return TypeAdapter(list[str]).validate_json(noted)
    except ValidationError as error:
        raise RunError(f"{run.folder} does not say where its survey was read from: give --source PATH") from error


def _not_learned(embedder: Embedder, survey: Survey, blanks: Pairs) -> tuple[str, ...]:
    """The questions with blanks that the embedder was not fitted on."""
    known = {question.id for question in embedder.questions_}
    wanted = (survey.questions[j].id for j in sorted({*blanks.question.tolist()}))
    return tuple(name for name in wanted if name not in known)
