"""A hub on this machine: the few endpoints that pushing and loading a model use, over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import huggingface_hub
import pytest
from huggingface_hub import ModelCard, ModelCardData

from tests.listening import listening


class FakeHub(ThreadingHTTPServer):
    """Repositories in memory; knows one token.

    Attributes:
        repositories: Files of each repository.
        private: Whether each is private.
        requests: Paths asked for so far.
    """

    token = "hf_right"  # noqa: S105

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.private: dict[str, bool] = {}
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def sha(self, name: str) -> str:
        state = hashlib.sha1(usedforsecurity=False)
        for path, content in sorted(self.repositories[name].items()):
            state.update(path.encode() + content)
        return state.hexdigest()


class Handler(BaseHTTPRequestHandler):
    server: FakeHub

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        self.server.requests.append(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Authorization") != f"Bearer {self.server.token}":
            return self.answer(401, {"error": "Invalid credentials in Authorization header"})
        match urlsplit(self.path).path.strip("/").split("/"):
            case ["api", "repos", "create"]:
                asked = json.loads(body)
                name = f"{asked['organization']}/{asked['name']}"
                if name in self.server.repositories:
                    return self.answer(409, {"error": "exists", "url": f"{self.server.url}/{name}"})
                self.server.repositories[name] = {}
                self.server.private[name] = asked.get("visibility") == "private" or bool(asked.get("private"))
                return self.answer(200, {"url": f"{self.server.url}/{name}"})
            case ["api", "models", _, _, "preupload", _]:
                files = [
                    {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                    for file in json.loads(body)["files"]
                ]
                return self.answer(200, {"files": files})
            case ["api", "models", owner, name, "commit", _]:
                repository = f"{owner}/{name}"
                for entry in map(json.loads, body.splitlines()):
                    if entry["key"] == "file":
                        content = base64.b64decode(entry["value"]["content"])
                        self.server.repositories[repository][entry["value"]["path"]] = content
                sha = self.server.sha(repository)
                url = f"{self.server.url}/{repository}/commit/{sha}"
                return self.answer(200, {"success": True, "commitUrl": url, "commitOid": sha})
            case ["api", "validate-yaml"]:
                data = ModelCard(json.loads(body)["content"]).data
                known = set(ModelCardData().__dict__) | {"base_model_relation"}
                unknown = [{"message": f"unknown key {key}"} for key in vars(data) if key not in known]
                return self.answer(400 if unknown else 200, {"errors": unknown, "warnings": []})
        return self.answer(404, {"error": f"the fake hub does not know POST {self.path}"})

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.server.requests.append(self.path)
        match urlsplit(self.path).path.strip("/").split("/"):
            case ["api", "models", owner, name, *rest] if f"{owner}/{name}" in self.server.repositories:
                files = self.server.repositories[f"{owner}/{name}"]
                sha = self.server.sha(f"{owner}/{name}")
                if rest[:1] == ["tree"]:
                    tree = [
                        {"type": "file", "path": path, "size": len(content), "oid": sha}
                        for path, content in files.items()
                    ]
                    return self.answer(200, tree)
                if rest[:1] == ["revision"] and rest[1] not in ("main", sha):
                    return self.answer(404, {"error": "no such revision"}, {"X-Error-Code": "RevisionNotFound"})
                siblings = [{"rfilename": path} for path in files]
                return self.answer(200, {"id": f"{owner}/{name}", "sha": sha, "siblings": siblings, "private": True})
            case [owner, name, "resolve", _, path] if path in self.server.repositories.get(f"{owner}/{name}", {}):
                content = self.server.repositories[f"{owner}/{name}"][path]
                etag = hashlib.sha1(content, usedforsecurity=False).hexdigest()
                return self.send(
                    200, content, {"ETag": f'"{etag}"', "X-Repo-Commit": self.server.sha(f"{owner}/{name}")}
                )
        return self.answer(404, {"error": "no such repository"}, {"X-Error-Code": "RepoNotFound"})

    def answer(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        self.send(status, json.dumps(content).encode(), {"Content-Type": "application/json", **(headers or {})})

    def send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def fake_hub() -> AbstractContextManager[FakeHub]:
    """A hub that listens until the block ends."""
    return listening(FakeHub())


def point_at(url: str, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    """Let ``huggingface_hub`` take this for the hub, with an empty cache and no stored token."""
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", url)
    template = f"{url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache / "hub"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(cache / "token"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_STORED_TOKENS_PATH", str(cache / "tokens"))
