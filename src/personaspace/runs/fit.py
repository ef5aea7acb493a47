"""The stages of a run up to the personas and their map: survey, embedding, newquestions, personas, map."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import yaml

from personaspace.embedding.registry import load_embedder, make_embedder
from personaspace.errors import SettingError
from personaspace.files import user_path, write_atomically
from personaspace.newquestions.new_questions import NewQuestions
from personaspace.persona.clustering.choose_k import RULES, Rule
from personaspace.persona.clustering.cluster_personas import check_clustering, cluster_personas
from personaspace.persona.labels import labelled
from personaspace.persona.map import SAMPLE, Map, map_respondents
from personaspace.persona.matching import earlier, keeping_names
from personaspace.persona.personas import Personas
from personaspace.profiles.profile import profile
from personaspace.runs.fitted import FittedRun
from personaspace.runs.run import Run
from personaspace.survey.readers.reading import Reading
from personaspace.survey.split import Split, split
from personaspace.survey.split_settings import SplitSettings
from personaspace.survey.spreadsheet import write_csv
from personaspace.survey.storage import digest, write_survey
from personaspace.survey.survey import Survey

SIMULATED = "simulated"
"""The word that stands for a simulated survey in place of a file."""

ACCOUNT, CODEBOOK = "account.csv", "codebook.yaml"
"""Beside the survey in a run: what was read and left out, and the codebook where it was drafted."""

OnStep = Callable[[str, int, int, str], None]
"""Called with the stage, the steps done, the steps in all (0 where not known) and a note such as the loss."""


def fit_run(
    run: Run,
    survey: Survey,
    *,
    embedder: str = "lightgcn",
    personas: int | str = "elbow",
    clusters: str = "kmeans",
    traits_as_questions: bool = False,
    settings: SplitSettings | None = None,
    reading: Reading | None = None,
    on_step: OnStep | None = None,
) -> FittedRun:
    """Set evaluation sets apart, embed the training respondents, fit the question prior and find personas.

    What is current is kept.

    Args:
        run: Where everything is written.
        survey: The answers.
        embedder: Name of the embedder.
        personas: Number of clusters, or a rule that chooses it.
        clusters: Name of the clustering method. Personas that stood in the run before hand their names on.
        traits_as_questions: Whether respondents are placed by their traits too, as if these were answers.
        settings: The shares held out for evaluation; the defaults of :class:`SplitSettings` where not given.
        reading: The account of how the survey was read, kept in the run with the codebook that was drafted.
        on_step: Called with the progress.

    Returns:
        The fitted run.

    Raises:
        SettingError: A setting is outside what is allowed.
        UnknownNameError: There is no such embedder or clustering method.
        SurveyError: The survey does not hold enough to learn from.
        RunError: The folder cannot be written, or another process is writing to it.
    """
    settings = settings or SplitSettings()
    k = number_of_personas(personas, clusters)
    as_questions = {"traits_as_questions": True} if traits_as_questions else {}  # absent in the runs made before
    model = make_embedder(embedder, seed=settings.seed, **as_questions)
    chosen = {name: value for name, value in asdict(settings).items() if value is not None}
    about = {"name": survey.name, "digest": digest(survey), "split": chosen}
    with run.writing():

        def keep(folder: Path) -> None:
            write_survey(survey, folder)
            if reading is not None:
                write_atomically(folder / ACCOUNT, lambda path: write_csv(path, reading.account()))
            if reading is not None and reading.codebook is not None:
                text = yaml.safe_dump(dict(reading.codebook), allow_unicode=True, sort_keys=False, width=110)
                write_atomically(folder / CODEBOOK, lambda path: path.write_text(text, encoding="utf-8"))

        run.stage("survey", about, (), keep)
        parts = split(survey, **asdict(settings))

        def embed(folder: Path) -> None:
            def on_epoch(epoch: int, epochs: int, loss: float) -> None:
                if on_step:
                    on_step("embedding", epoch, epochs, f"validation loss {loss:.3f}")

            model.fit(parts.train, on_epoch=on_epoch).save(folder)

        run.stage("embedding", {"embedder": embedder, "seed": settings.seed, **as_questions}, ("survey",), embed)
        fitted = load_embedder(run.folder / "embedding")

        def expect(folder: Path) -> None:
            if on_step:
                on_step("question prior", 0, 1, f"{len(fitted.questions_)} questions")
            NewQuestions(fitted, parts.train).save(folder)
            if on_step:
                on_step("question prior", 1, 1, "")

        run.stage("newquestions", {}, ("survey", "embedding"), expect)

        def cluster(folder: Path) -> None:
            found = cluster_personas(fitted, parts.train, k=k, method=clusters, seed=settings.seed)
            found = keeping_names(found, earlier_personas(run), parts.train)
            if all(len(persona.members) < 2 for persona in found):
                found.save(folder)
                return
            described = profile(found, parts.train)
            made = {name: label for name, label in described.labels.items() if not found[name].label}
            found = labelled(found, made)
            found.save(folder)
            described.save(folder / "profile")
            profile(found, parts.train, embedder=fitted).save_questions(folder / "profile" / "imputed")

        clustering = {"k": personas, "method": clusters, "seed": settings.seed}
        run.stage("personas", clustering, ("survey", "embedding"), cluster)
        done = FittedRun(run)
        vars(done).update(split=parts, embedder=fitted)  # at hand, so not read from the folder
        return done


def earlier_personas(run: Run) -> Personas | None:
    """The personas that stand in a run, with the labels that people gave them; ``None`` where there are none."""
    found = earlier(run.place("personas"))
    return found if found is None or not run.has("personas") else labelled(found, run.notes("personas"), given=True)


def number_of_personas(personas: int | str, clusters: str) -> int | Rule:
    """Parse the number of clusters or the rule that chooses it, and check that the clustering method takes it.

    Raises:
        SettingError: It is neither a number nor a rule, or the method finds the number itself.
        UnknownNameError: There is no such clustering method.

    Example:
        >>> number_of_personas("6", "kmeans"), number_of_personas("elbow", "gaussian")
        (6, 'elbow')
    """
    if personas in RULES:
        k: int | Rule = personas
    elif str(personas).isdecimal() and int(personas) >= 1:
        k = int(personas)
    else:
        raise SettingError(f"personas is {personas!r}: give {', '.join(map(repr, RULES))} or a number such as 6")
    check_clustering(k, clusters)
    return k


def set_apart(parts: Split) -> pd.DataFrame:
    """What a split holds out for evaluation, as rows of the account of a reading: ``what``, ``count`` and ``which``."""
    held, by = parts.held_out_questions.questions, parts.settings.hold_out_by
    drawn = f"whole groups by {by}" if by else "one by one"
    rows = [
        ("set apart: respondents", len(parts.unseen_known), "unseen in training"),
        ("set apart: answers", len(parts.held_out_answers.answers), "of training respondents"),
        ("set apart: questions", len(held), f"{drawn}; --use-everything keeps all"),
    ]
    return pd.DataFrame([row for row in rows if row[1]], columns=["what", "count", "which"])


def note_source(run: Run, sources: Sequence[str], codebook: Path | None, on: str | None = None) -> None:
    """Write down in a run where its survey was read from.

    Args:
        run: A run with the stage ``survey``.
        sources: The survey's paths, or ``"simulated"`` alone.
        codebook: The codebook's path, if one was given.
        on: The column by which several files were joined.
    """
    where = [source if source == SIMULATED else str(user_path(source).resolve()) for source in sources]
    book = str(user_path(codebook).resolve()) if codebook else None
    several = {"sources": json.dumps(where)} if len(where) > 1 else {}
    run.note("survey", {"source": where[0], **several, "codebook": book, **({"on": on} if on else {})})


def map_run(fitted: FittedRun, method: str = "tsne", seed: int = 0, sample: int = SAMPLE) -> Map:
    """Lay out the map of a fitted run, kept in its folder so that another colour needs no new map.

    Args:
        fitted: The run.
        method: ``"tsne"`` or ``"umap"``.
        seed: Of sample and method.
        sample: Respondents shown at the most.
    """
    run = fitted.run

    def draw(folder: Path) -> None:
        survey = fitted.split.train
        map_respondents(fitted.embedder, fitted.personas, method, seed, sample, survey).save(folder)

    run.stage("map", {"method": method, "seed": seed, "sample": sample}, ("embedding", "personas"), draw)
    return Map.load(run.folder / "map")
