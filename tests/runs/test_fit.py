"""A run that is fitted again keeps what is current, learns anew what is not, and keeps the names of its personas."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from personaspace.embedding.registry import make_embedder
from personaspace.persona.personas import Personas
from personaspace.runs.fit import fit_run, note_source
from personaspace.runs.fitted import FittedRun
from personaspace.runs.run import Run
from personaspace.survey.simulate import simulate
from personaspace.survey.split import SplitSettings


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
    note_source(run, str(tmp_path / "survey.csv"), None)
    fit(SplitSettings())
    assert not steps
    again = fit(changed)
    assert steps
    expected = make_embedder("factorization", seed=0).fit(again.split.train)
    assert again.embedder.questions_ == again.split.train.questions
    np.testing.assert_array_equal(again.embedder.respondents_, expected.respondents_)
    assert {member for persona in again.personas for member in persona.members} == set(again.split.train.respondents)
