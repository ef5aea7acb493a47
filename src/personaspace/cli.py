"""The command line: parse, call, print. Our own errors are one line and exit status 1."""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from personaspace.errors import MAX_SEED, PersonaSpaceError

app = typer.Typer(
    name="personaspace",
    help="From what people answered to a language model that answers like them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder made by `fit`.")]
Seed = Annotated[int, typer.Option(help="Seed of every random choice.", min=0, max=MAX_SEED)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Fraction = Annotated[float, typer.Option(min=0.0, max=0.95)]
Device = Annotated[str, typer.Option(help="Where the language model runs: cpu, cuda, ...")]
PersonaNames = Annotated[
    list[str] | None,
    typer.Option("--persona", help="cluster-1, respondent-ID or TRAIT=value; may be repeated. Default: all clusters."),
]


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Run folder to make.")] = Path("personaspace-demo"),
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """The whole pipeline on a simulated survey with the small model that ships with the package.

    Example: personaspace demo --out runs/demo
    """
    from personaspace.demo import run_demo

    _print_results(run_demo(out, seed, show=not as_json), out, as_json)


@app.command()
def fit(
    survey: Annotated[str, typer.Argument(help="Survey folder or file, or 'simulated'.")],
    out: Annotated[Path, typer.Option(help="Run folder to make or to go on with.")],
    codebook: Annotated[Path | None, typer.Option(help="Codebook of a CSV or parquet table.")] = None,
    embedder: Annotated[str, typer.Option(help="lightgcn or factorization.")] = "lightgcn",
    personas: Annotated[str, typer.Option(help="Number of cluster personas, or 'elbow'.")] = "elbow",
    unseen_respondents: Fraction = 0.2,
    held_out_answers: Fraction = 0.2,
    held_out_questions: Fraction = 0.15,
    use_everything: Annotated[bool, typer.Option(help="Hold nothing back: a final model.")] = False,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Read a survey, set evaluation sets apart, embed its respondents and find their personas.

    Example: personaspace fit opinionqa/ --out runs/opinionqa --personas 6
    """
    from personaspace.artifacts import Run
    from personaspace.console import Reporter, show_table
    from personaspace.pipeline import fit_run
    from personaspace.survey.readers import read_survey
    from personaspace.survey.simulate import simulate
    from personaspace.survey.split import SplitSettings

    fractions = (0.0,) * 3 if use_everything else (unseen_respondents, held_out_answers, held_out_questions)
    with Reporter() as reporter:
        answered = simulate(seed=seed) if survey == "simulated" else read_survey(survey, codebook=codebook)
        reporter.say(f"read {answered!r}")
        fitted = fit_run(
            Run.create(out),
            answered,
            embedder=embedder,
            personas=personas,
            settings=SplitSettings(*fractions, seed=seed),
            on_step=reporter.step,
        )
    shares = [{"persona": p.name, "respondents": len(p.members), "share": p.share} for p in fitted.personas]
    if as_json:
        _print_json({"run": str(out), "survey": answered.name, "personas": shares})
        return
    import pandas as pd

    show_table(pd.DataFrame(shares).set_index("persona"), f"personas of {answered.name}")
    print(f"written to {out}; what the personas are made of: {out / 'personas' / 'profile'}")


@app.command()
def steer(
    run: RunFolder,
    model: Annotated[str, typer.Option(help="Hub name, folder, or 'nano'.")] = "nano",
    form: Annotated[str, typer.Option(help="prefix (keys and values) or prompt (input embeddings).")] = "prefix",
    placement: Annotated[str, typer.Option(help="Virtual tokens before or after the question.")] = "after",
    soft_prompt: Annotated[str, typer.Option(help="question-aware, or mlp as published.")] = "question-aware",
    tokens: Annotated[int, typer.Option(help="Virtual tokens.")] = 2,
    epochs: Annotated[int, typer.Option(help="Passes over the answers at the most.")] = 2,
    learning_rate: Annotated[float, typer.Option(help="AdamW's learning rate.")] = 2e-3,
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Train the soft-prompting model that steers a frozen language model.

    Example: personaspace steer runs/opinionqa --model nano
    """
    from personaspace.artifacts import Run
    from personaspace.console import Reporter
    from personaspace.pipeline import steer_run
    from personaspace.steer.attach import Attachment
    from personaspace.steer.train import TrainSettings

    with Reporter() as reporter:
        lm = steer_run(
            Run.open(run),
            model,
            attachment=Attachment(placement, form, tokens),  # type: ignore[arg-type]
            soft_prompt=soft_prompt,
            settings=TrainSettings(epochs=epochs, learning_rate=learning_rate, seed=seed),
            device=device,
            on_step=reporter.step,
        )
    best = min(lm.history_, key=lambda check: check["log_loss"])
    if as_json:
        _print_json({"run": str(run), "model": model, "best": best})
    else:
        print(
            f"steered {model}: best held-out loss {best['log_loss']:.3f}, accuracy {best['accuracy']:.3f}, "
            f"step {best['step']:.0f}; written to {run / 'steer'}"
        )


@app.command()
def evaluate(run: RunFolder, device: Device = "cpu", seed: Seed = 0, as_json: AsJson = False) -> None:
    """Measure a run beside every baseline, with 95% bootstrap intervals.

    Example: personaspace evaluate runs/opinionqa
    """
    from personaspace.artifacts import Run
    from personaspace.console import Reporter
    from personaspace.pipeline import evaluate_run

    with Reporter() as reporter:
        results = evaluate_run(Run.open(run), seed=seed, device=device, on_step=reporter.step)
    _print_results(results, run, as_json)


@app.command()
def ask(
    run: RunFolder,
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="A question, asked before or not.")],
    option: Annotated[list[str], typer.Option("--option", help="An answer; repeat for each.")],
    persona: PersonaNames = None,
    device: Device = "cpu",
    as_json: AsJson = False,
) -> None:
    """Ask personas a multiple-choice question.

    Example: personaspace ask runs/demo "Should the voting age be lowered?" --option Yes --option No
    """
    from personaspace.artifacts import Run
    from personaspace.console import show_bars
    from personaspace.pipeline import load_fitted, load_steered, personas_named

    opened = Run.open(run)
    lm = load_steered(opened, device)
    answers = lm.ask(question, option, personas_named(load_fitted(opened), persona))
    if as_json:
        _print_json({"question": question, "answers": answers.to_dict(orient="index")})
    else:
        show_bars(answers, question)


@app.command()
def generate(
    run: RunFolder,
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="What the personas are asked.")],
    persona: PersonaNames = None,
    max_new_tokens: Annotated[int, typer.Option(min=1, help="Length of the answer at the most.")] = 40,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 for greedy decoding.")] = 0.8,
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Let personas answer in their own words.

    Example: personaspace generate runs/demo "What worries you most?" --persona cluster-1
    """
    from personaspace.artifacts import Run
    from personaspace.console import show_texts
    from personaspace.pipeline import load_fitted, load_steered, personas_named

    opened = Run.open(run)
    lm = load_steered(opened, device)
    chosen = personas_named(load_fitted(opened), persona)
    texts = lm.generate(prompt, chosen, max_new_tokens=max_new_tokens, temperature=temperature, seed=seed)
    if as_json:
        _print_json({"prompt": prompt, "answers": texts.to_dict()})
    else:
        show_texts(texts, prompt)


def main() -> None:
    """Run the command line; errors of our own become one line on stderr and exit status 1."""
    _quiet_libraries()
    try:
        app()
    except PersonaSpaceError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(1)


def _quiet_libraries() -> None:
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    logging.getLogger("transformers").setLevel(logging.ERROR)


def _print_json(content: Any) -> None:
    print(json.dumps(content, indent=1, ensure_ascii=False))


def _print_results(results: Any, run: Path, as_json: bool) -> None:
    from personaspace.console import show_table

    if as_json:
        _print_json(results.to_json())
        return
    model = f", steering {results.model}" if results.model else ", no language model steered"
    show_table(results.summary(), f"macro accuracy on {results.survey}{model}")
    print(f"all metrics with 95% intervals: {run / 'evaluation' / 'results.json'}")


if __name__ == "__main__":
    main()
