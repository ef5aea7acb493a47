"""``personaspace report``: one page in the run folder or elsewhere."""

from __future__ import annotations

from pathlib import Path

from tests.commands.line import fail, succeed


def test_the_page_is_written_into_the_run_and_elsewhere(own_run: Path, tmp_path: Path) -> None:
    about = succeed("report", own_run, "--json")
    page = (own_run / "report.html").read_bytes()
    assert about == {"run": str(own_run), "out": str(own_run / "report.html"), "bytes": len(page)}
    assert "written to" in succeed("report", own_run, "--out", tmp_path / "page.html")
    assert (tmp_path / "page.html").read_bytes() == page
    succeed("report", own_run, "--no-individuals", "--out", tmp_path / "bare.html")
    assert len((tmp_path / "bare.html").read_bytes()) < len(page)


def test_what_cannot_be_written_is_said_before_work_begins(own_run: Path, tmp_path: Path) -> None:
    assert "end the name in .html" in fail("report", own_run, "--out", tmp_path / "page.pdf")
    assert "is not a run folder" in fail("report", tmp_path)
    assert not (own_run / "map").exists()
