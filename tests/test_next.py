"""``personaspace next``: what is known of somebody is said once."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaspace.commands.next import next_
from personaspace.errors import SettingError
from personaspace.runs.fit import fit_run
from personaspace.runs.run import Run
from personaspace.survey.simulate import simulate


def test_two_answers_to_one_question_are_an_error_that_names_both(tmp_path: Path) -> None:
    run = tmp_path / "run"
    fit_run(Run.create(run), simulate(60), embedder="factorization", personas=1)
    with pytest.raises(SettingError, match="--answer says 'Yes' and 'No' to 'trust': keep one"):
        next_(run, answer=["trust=Yes", "trust=No"])
