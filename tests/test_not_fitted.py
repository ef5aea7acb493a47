from __future__ import annotations

import subprocess
import sys

import pytest
import sklearn.exceptions

import personaspace as ps
from personaspace.errors import PersonaSpaceError


def test_it_is_ours_and_scikit_learn_s() -> None:
    for kind in (ps.NotFittedError, PersonaSpaceError, sklearn.exceptions.NotFittedError):
        with pytest.raises(kind, match="call fit"):
            _ = ps.Factorization(dim=2).predict([[0.0, 0.0]])  # type: ignore[arg-type]


def test_other_errors_are_imported_without_scikit_learn() -> None:
    code = "import personaspace.errors, personaspace.survey.survey, sys; print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"  # noqa: S603
