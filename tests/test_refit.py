"""A run whose personas are made again keeps their names."""

from __future__ import annotations

from pathlib import Path

from personaspace.artifacts import Run
from personaspace.persona.personas import Personas
from personaspace.pipeline import fit_run
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
