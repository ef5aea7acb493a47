"""A run that is fitted again keeps what is current, learns anew what is not, and keeps the names of its personas."""

from __future__ import annotations

import errno
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from personaspace.embedding.registry import make_embedder
from personaspace.errors import RunError
from personaspace.persona.personas import Personas
from personaspace.runs.fit import fit_run, note_source
from personaspace.runs.fitted import FittedRun, open_run
from personaspace.runs.run import Run
from personaspace.survey.simulate import simulate
from personaspace.survey.split_settings import SplitSettings
from personaspace.survey.storage import digest


def test_names_stay_put_when_a_run_is_fitted_again(tmp_path: Path) -> None:
    survey, run = simulate(respondents=400, seed=1), Run.create(tmp_path / "run")
    settings = SplitSettings(held_out_questions=0.0)
    first = fit_run(run, survey, embedder="factorization", personas=3, settings=settings).personas
    named = first.renamed(dict(zip(first.names, ("north", "east", "south"), strict=True)))
    named.save(run.folder / "personas")
    again = fit_run(run, survey, embedder="factorization", personas=4, settings=settings, clusters="agglomerative")
    assert {"north", "east", "south"} - set(again.personas.names) in (set(), {"north"}, {"east"}, {"south"})
    assert len(again.personas) == 4
    for name in set(again.personas.names) & {"north", "east", "south"}:
        shared = set(again.personas[name].members) & set(named[name].members)
        assert len(shared) > max(
            len(set(again.personas[name].members) & set(p.members)) for p in named if p.name != name
        )
    assert Personas.load(run.folder / "personas").names == again.personas.names


@pytest.mark.parametrize(
    "changed",
    [
        SplitSettings(held_out_answers=0.5),
        SplitSettings(held_out_questions=0.4),
        SplitSettings(unseen_respondents=0.5),
        SplitSettings(0.0, 0.0, 0.0),
    ],
)
def test_another_split_is_learned_from_anew_and_the_same_is_not(tmp_path: Path, changed: SplitSettings) -> None:
    survey, run = simulate(respondents=120, seed=1), Run.create(tmp_path / "run")
    steps: list[str] = []

    def fit(settings: SplitSettings) -> FittedRun:
        steps.clear()
        return fit_run(
            run, survey, embedder="factorization", personas=2, settings=settings, on_step=lambda *s: steps.append(s[0])
        )

    fit(SplitSettings())
    note_source(run, [str(tmp_path / "survey.csv")], None)
    fit(SplitSettings())
    assert not steps
    again = fit(changed)
    assert steps
    expected = make_embedder("factorization", seed=0).fit(again.split.train)
    assert again.embedder.questions_ == again.split.train.questions
    np.testing.assert_array_equal(again.embedder.respondents_, expected.respondents_)
    assert {member for persona in again.personas for member in persona.members} == set(again.split.train.respondents)


def test_a_refit_that_fails_halfway_keeps_personas_and_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey, run = simulate(respondents=60, seed=1), Run.create(tmp_path / "run")
    fit = partial(fit_run, run, survey, embedder="factorization")
    fit(personas=3).personas.renamed({"cluster-1": "north", "cluster-2": "east", "cluster-3": "south"}).save(
        run.folder / "personas"
    )
    before = {path: path.read_bytes() for path in (run.folder / "personas").rglob("*") if path.is_file()}

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as failing:
        failing.setattr("personaspace.runs.fit.profile", full)
        with pytest.raises(OSError, match="No space left"):
            fit(personas=2)
    assert {path: path.read_bytes() for path in (run.folder / "personas").rglob("*") if path.is_file()} == before
    assert {*fit(personas=2).personas.names} < {"north", "east", "south", "cluster-1", "cluster-2"}
    assert {"north", "east", "south"} & {*Personas.load(run.folder / "personas").names}


def test_two_fits_into_one_folder_are_kept_apart(tmp_path: Path) -> None:
    survey, run = simulate(respondents=60, seed=1), Run.create(tmp_path / "run")

    tried: list[object] = []

    def on_step(*step: object) -> None:
        tried.append(step)
        with pytest.raises(RunError, match="another process is writing"):
            fit_run(Run.open(run.folder), simulate(respondents=60, seed=2), embedder="factorization", personas=2)

    fitted = fit_run(run, survey, embedder="factorization", personas=2, on_step=on_step)
    assert tried
    assert open_run(run.folder).survey_settings.digest == fitted.survey_settings.digest == digest(survey)
