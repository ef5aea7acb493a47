"""``personaspace fit``: embed the respondents of a survey and find their personas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from personaspace.commands.options import AsJson, Seed
from personaspace.commands.printing import print_json, say
from personaspace.errors import SettingError


def fit(
    survey: Annotated[list[str], typer.Argument(help="Survey file or folder, or 'simulated'; several are joined.")],
    out: Annotated[Path, typer.Option(help="Run folder to make, or one to continue.")],
    codebook: Annotated[
        Path | None,
        typer.Option(help="Codebook of a table. Default: the one beside it; what it does not say is guessed."),
    ] = None,
    on: Annotated[str | None, typer.Option(help="Column of respondent ids, by which several files are joined.")] = None,
    embedder: Annotated[
        str, typer.Option(help="lightgcn, autoencoder, committee, ease, factorization or gaussian.")
    ] = "lightgcn",
    personas: Annotated[
        str, typer.Option(help="Number of cluster personas, or the rule: elbow, silhouette, stability, recommended.")
    ] = "elbow",
    clusters: Annotated[str, typer.Option(help="kmeans, gaussian, agglomerative or hdbscan.")] = "kmeans",
    traits_as_questions: Annotated[
        bool,
        typer.Option("--traits-as-questions", help="Place respondents by their traits too, as if these were answers."),
    ] = False,
    unseen_respondents: Annotated[
        float | None, typer.Option(help="Fraction of respondents set apart; 0.2 if not given.", min=0.0, max=0.95)
    ] = None,
    held_out_answers: Annotated[
        float | None, typer.Option(help="Fraction of answers set apart; 0.2 if not given.", min=0.0, max=0.95)
    ] = None,
    held_out_questions: Annotated[
        float | None, typer.Option(help="Fraction of questions set apart; 0.15 if not given.", min=0.0, max=0.95)
    ] = None,
    hold_out_by: Annotated[
        str | None,
        typer.Option(help="Set whole groups of questions apart: battery, topic or wave. Default: single questions."),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            help="A published protocol in place of these fractions: gems (of 60% of the people 40% of the answers are "
            "known), gems-individuals (of these people only the traits) or gems-questions (20% of the questions)."
        ),
    ] = None,
    use_everything: Annotated[bool, typer.Option(help="Hold nothing out for evaluation: a final model.")] = False,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Read a survey, set evaluation sets apart, embed its respondents and find their personas.

    Example: personaspace fit opinionqa/ --out runs/opinionqa --personas 6
    """
    from personaspace.console import Reporter, show_table
    from personaspace.embedding.registry import make_embedder
    from personaspace.persona.matching import in_order, names_since
    from personaspace.runs.fit import (
        SIMULATED,
        earlier_personas,
        fit_run,
        note_source,
        number_of_personas,
        set_apart,
    )
    from personaspace.runs.run import Run
    from personaspace.survey.readers.reading import Reading
    from personaspace.survey.readers.registry import read_with_account
    from personaspace.survey.simulate import simulate
    from personaspace.survey.split_settings import SplitSettings

    fractions = (unseen_respondents, held_out_answers, held_out_questions)
    if use_everything and any(given is not None for given in (*fractions, hold_out_by, protocol)):
        raise SettingError("--use-everything sets nothing apart: leave it out, or what says how to set apart")
    fractions = (0.0,) * 3 if use_everything else fractions
    settings = SplitSettings.of(*fractions, seed=seed, hold_out_by=hold_out_by, protocol=protocol)
    number_of_personas(personas, clusters)
    make_embedder(embedder, seed=seed)
    with Reporter() as reporter:
        if survey == [SIMULATED]:
            reading = Reading.whole(simulate(seed=seed))
        else:
            reading = read_with_account(survey[0] if len(survey) == 1 else survey, codebook=codebook, on=on)
        answered = reading.survey
        reporter.say(f"read {answered!r}")
        for sentence in reading.sentences():
            reporter.say(sentence)
        opened = Run.create(out)
        with opened.writing():
            before = earlier_personas(opened)
            fitted = fit_run(
                opened,
                answered,
                embedder=embedder,
                personas=personas,
                clusters=clusters,
                traits_as_questions=traits_as_questions,
                settings=settings,
                reading=reading,
                on_step=reporter.step,
            )
            note_source(opened, survey, codebook, on)
        if before is not None and (names := names_since(fitted.personas, before)):
            reporter.say(names)
    ordered = sorted(fitted.personas, key=lambda persona: in_order(persona.name))
    shares = [{"persona": p.name, "label": p.label, "respondents": len(p.members), "share": p.share} for p in ordered]
    import pandas as pd

    account = pd.concat([reading.account(), set_apart(fitted.split)], ignore_index=True)
    if as_json:
        read = account.to_dict("records")
        said = {"doubtful": list(reading.doubtful), "notes": [*reading.notes, *fitted.personas.notes]}
        print_json({"run": str(out), "survey": answered.name, "read": read, "personas": shares} | said)
        return
    show_table(account.set_index("what"), f"what was read of {answered.name}")
    if fitted.personas.curve is not None:
        show_table(fitted.personas.curve.set_index("k"), "how many personas")
    show_table(pd.DataFrame(shares).set_index("persona"), f"personas of {answered.name}")
    for note in fitted.personas.notes:
        say(note)
    profile = out / "personas" / "profile"
    made_of = f"profiles of the personas: {profile}" if profile.exists() else "no persona has two members to profile"
    say(f"written to {out}; {made_of}")
