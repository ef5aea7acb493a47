"""``personaspace next``: choose the next question for a new respondent."""

from __future__ import annotations

from typing import Annotated

import typer

from personaspace.commands.options import AsJson, RunFolder
from personaspace.commands.printing import listed_filters, print_json, say


def next_(
    run: RunFolder,
    answer: Annotated[
        list[str] | None, typer.Option("--answer", help="QUESTION=OPTION, known already; may be repeated.")
    ] = None,
    candidate: Annotated[
        list[str] | None, typer.Option("--candidate", help="A question that can be asked; repeat. Default: all.")
    ] = None,
    top: Annotated[int, typer.Option(help="How many to show.", min=1)] = 5,
    as_json: AsJson = False,
) -> None:
    """Choose the question whose answer is expected to inform most about a new respondent.

    The fewer people answered a question, the less is expected of it. Questions that are asked only after certain
    answers are left out, unless such an answer is given with --answer, or --candidate names them.

    Example: personaspace next runs/demo --answer "technology_6=The government" --top 3
    """
    import pandas as pd

    from personaspace.console import show_table
    from personaspace.imputation.next_question import next_question
    from personaspace.runs.fitted import open_run
    from personaspace.runs.written import texts_by_name
    from personaspace.survey.filters import filtered_questions

    opened, known = open_run(run), texts_by_name(answer or [], "--answer", "QUESTION=OPTION")
    survey, embedder = opened.split.survey, opened.embedder
    table = next_question(embedder, known, candidate, top, survey=survey)
    could = {question.id for question in embedder.questions_} if candidate is None else set()
    left_out = {name: found for name, found in filtered_questions(survey).items() if name in could}
    if as_json:
        filtered = {name: found._asdict() for name, found in left_out.items()}
        print_json({"run": str(run), "questions": table.to_dict(orient="records"), "filtered": filtered})
        return
    shown = table.rename(columns={"bits": "bits per question", "total": "bits in all"}).set_index("question")
    show_table(pd.DataFrame(shown), "questions by expected information", digits=4)
    if left_out:
        say(f"asked only after certain answers: {listed_filters(left_out)}")
