"""A damaged file ends a child process and not ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from personaspace.errors import SurveyError
from personaspace.survey.readers.labelled import probe as probing
from personaspace.survey.readers.registry import read_survey
from tests.survey.sources import write_labelled


@pytest.fixture
def sav(tmp_path: Path) -> Path:
    return write_labelled(tmp_path)


@pytest.mark.parametrize(
    ("child", "seconds", "says"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 60, "reading it ends the process by signal 11"),
        ("import time; time.sleep(60)", 2, "reading it does not end"),
        (probing.CHILD.replace("output_format", "x=bytearray(1 << 42), output_format"), 60, "it needs more memory"),
    ],
)
def test_what_would_end_us_is_one_error(
    sav: Path, child: str, seconds: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "CHILD", child)
    monkeypatch.setattr(probing, "SECONDS", seconds)
    with pytest.raises(SurveyError, match=rf"moods.sav is damaged \({says}"):
        read_survey(sav)


def test_a_module_beside_the_file_is_not_imported(sav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (sav.parent / "pyreadstat.py").write_text("open('ran', 'w')")
    monkeypatch.chdir(sav.parent)
    assert len(read_survey(sav)) == 4
    assert not (sav.parent / "ran").exists()


def test_a_file_is_probed_again_once_it_has_changed(sav: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_survey(sav)
    monkeypatch.setattr(probing, "CHILD", "raise SystemExit('probed again')")
    read_survey(sav)
    os.utime(sav, ns=(0, 0))
    with pytest.raises(SurveyError, match="probed again"):
        read_survey(sav)
