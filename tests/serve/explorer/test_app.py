"""The explorer over HTTP: whom it answers, how large a request may be, and how it says that something is wrong."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from personaspace.runs.fit import fit_run
from personaspace.runs.run import Run
from personaspace.serve.explorer.guard import MOST_BYTES
from personaspace.survey.simulate import simulate
from tests.serve.explorer.site import TOKEN, Site, served

NEW = {"question": "Should the voting age be lowered?", "options": ["Yes", "No"]}


def test_whoever_has_the_address_is_answered(site: Site) -> None:
    page = site.send("GET", "")
    assert page.status == 200 and page.text.startswith("<!DOCTYPE html>")
    for name in ("report.css", "explorer.css", "basics.js", "map.js", "pictures.js", "explorer.js", "ask.js"):
        assert site.send("GET", f"static/{name}").status == 200
    assert site.call("ask", NEW).json["options"] == ["Yes", "No"]
    assert site.send("GET", "", host=f"localhost:{site.port}").status == 200
    assert site.call("ask", NEW, origin=f"http://127.0.0.1:{site.port}").status == 200


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "..", f"../{TOKEN}"])
def test_without_the_token_there_is_nothing(site: Site, token: str) -> None:
    for path in ("", "static/basics.js", "api/current"):
        reply = site.send("GET", path, token=token)
        assert reply.status == 404
        assert "the whole address" in reply.error


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1]", "a@b:x", "[", None]
)
def test_other_hosts_are_refused(site: Site, host: str | None) -> None:
    """As in DNS rebinding, where a name of another site leads to this machine."""
    reply = site.send("GET", "", host=host or "")
    assert reply.status == 403
    assert "127.0.0.1" in reply.error


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:1", ""])
def test_pages_of_other_sites_are_refused(site: Site, origin: str) -> None:
    reply = site.call("ask", NEW, origin=origin)
    assert reply.status == 403
    assert "other sites" in reply.error


def test_browsers_are_kept_strict(site: Site) -> None:
    for reply in (site.send("GET", ""), site.call("ask", NEW), site.send("GET", "", token="wrong")):  # noqa: S106
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["cache-control"] == "no-store"
        assert not [name for name in reply.headers if name.lower().startswith("access-control")]


def test_requests_are_bounded(site: Site) -> None:
    assert site.call("ask", NEW, content_type="text/plain").status == 415
    assert (
        site.send("POST", "api/ask", "{}", content_type="application/json", content_length=str(MOST_BYTES + 1)).status
        == 413
    )
    long = {**NEW, "question": "a" * 10_001}
    assert "at question" in site.call("ask", long).error
    assert "at options" in site.call("ask", {**NEW, "options": [f"{n}" for n in range(201)]}).error
    assert "at guests" in site.call("ask", {**NEW, "guests": [{"persona": "cluster-1"}] * 5}).error
    connection_without_length = site.send(
        "POST", "api/ask", None, content_type="application/json", transfer_encoding="chunked"
    )
    assert connection_without_length.status == 411


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("ask", {"question": "", "options": ["Yes", "No"]}, "the question is empty"),
        ("ask", {**NEW, "options": ["Yes", "Yes"]}, "twice"),
        ("ask", {**NEW, "options": ["Yes"]}, "at options"),
        ("ask", {**NEW, "topline": {"Yes": 20, "No": 20}}, "sum to 40"),
        ("ask", {**NEW, "topline": {"Yes": float("nan"), "No": 20}}, "finite"),
        ("ask", {**NEW, "nonsense": 1}, "at nonsense"),
        ("ask", {**NEW, "guests": [{}]}, "give one of persona"),
        ("ask", {**NEW, "guests": [{"persona": "cluster-1", "respondent": "r01"}]}, "give one of persona"),
        ("ask", {**NEW, "pilot": "r\u0000\u202e,Yes"}, "unknown respondent"),
        ("ask", [], "cannot be read"),
        ("read", {"who": {"respondent": "<b>"}}, "unknown respondent '<b>'"),
        ("next", {"answers": {"nothing": "Yes"}}, "unknown question"),
        ("chat", {"who": {"persona": "cluster-1"}, "message": "Hello", "voice": "steered"}, "unknown voice"),
    ],
)  # fmt: skip
def test_errors_are_one_line_of_json(site: Site, path: str, body: Any, said: str) -> None:
    reply = site.call(path, body)
    assert reply.status in (400, 422)
    assert said in reply.error


def test_what_is_no_json_or_no_path_is_one_line_too(site: Site) -> None:
    for body in ("{", "", '"\\ud800"', "[" * 10_000):
        headers = {"content_type": "application/json", "version": site.version}
        assert "cannot be read" in site.send("POST", "api/ask", body, **headers).error
    for path in ("api/nothing", "static/nothing.js", "static/%2e%2e/app.py", "static/..%2fapp.py"):
        assert site.send("GET", path).status in (404, 405)
        assert site.send("GET", path).error


def test_a_run_that_was_fitted_again_gives_no_wrong_numbers(explored_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(explored_folder, tmp_path / "run")
    with served(folder) as site:
        assert site.call("ask", NEW).status == 200
        survey = simulate(respondents=70, seed=1).select(questions=range(12))
        fit_run(Run.open(folder), survey, embedder="factorization", personas=2)
        for path in ("ask", "whom"):
            reply = site.call(path, NEW)
            assert reply.status == 409
            assert "fitted again since this page was opened" in reply.error
        assert site.send("GET", "api/current", version=site.version).status == 409
        page = site.send("GET", "").text
        version = json.loads(page.partition('id="data">')[2].partition("</script>")[0])["version"]
        assert version != site.version
        rows = site.call("ask", NEW, version=version).json["rows"]
        assert [row["kind"] for row in rows] == ["persona", "persona", "everybody"]
        assert site.call("ask", NEW).status == 409


def test_a_run_being_damaged_is_said_and_not_guessed(explored_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(explored_folder, tmp_path / "run")
    with served(folder) as site:
        (folder / "manifest.json").write_text("{")
        assert site.call("ask", NEW).status == 409
        assert "manifest.json" in site.send("GET", "").error
