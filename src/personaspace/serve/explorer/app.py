"""The web application of the explorer: its page, its files, and answers as JSON; an error is one line of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from threading import Lock
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from personaspace.errors import PersonaSpaceError, first_fault, one_line, unknown
from personaspace.persona.personas import Persona
from personaspace.reports.templating import script, style
from personaspace.serve.explorer.asking import ask, whom_to_ask
from personaspace.serve.explorer.explored import Explored, Voice
from personaspace.serve.explorer.guard import Guard
from personaspace.serve.explorer.page import page
from personaspace.serve.explorer.points import persona_at
from personaspace.serve.explorer.reading import next_to_ask, read
from personaspace.serve.explorer.requests import Answered, Asked, Message, Read, WhomToAsk

CHANGED = 409
TYPES = {"css": "text/css", "js": "text/javascript"}
SHARED = ("basics", "map", "pictures")
"""Scripts of the report that this page runs too."""

R = TypeVar("R", bound=BaseModel)


class Explorer:
    """Answers the page's requests about a run, which is read again where the page is opened after another fit.

    Args:
        explored: The run.
        reopen: Opens the run as it is then.
    """

    def __init__(self, explored: Explored, reopen: Callable[[], Explored]) -> None:
        self._explored, self._reopen, self._opening = explored, reopen, Lock()
        self._voices: dict[tuple[str, str], Voice] = {}
        self._speaking = Lock()

    def page(self, _: Request) -> HTMLResponse:
        """The page of the run as it is now, which is read again if it was fitted again."""
        with self._opening:
            if not self._explored.as_opened():
                self._explored = self._reopen()
                self._voices = {}
        return HTMLResponse(page(self._explored))

    def file(self, request: Request) -> Response:
        """A style sheet or script of the page."""
        name: str = request.path_params["name"]
        stem, _, ending = name.rpartition(".")
        place = files(__package__) / "static"
        if name == "report.css":
            content = style()
        elif ending == "js" and stem in SHARED:
            content = script([stem])
        elif ending in TYPES and name in {file.name for file in place.iterdir()}:
            content = (place / name).read_text(encoding="utf-8")
        else:
            raise HTTPException(404, f"there is no file {name[:60]!r}")
        return Response(content, media_type=TYPES[ending])

    def current(self, request: Request) -> Response:
        """Whether the page is still of the run as it is."""
        self._checked(request)
        return JSONResponse({})

    def answering(self, form: type[R], answer: Callable[[Explored, R], Any]) -> Callable[[Request], Any]:
        """An endpoint that reads a request of some form and answers it with JSON, in a thread of its own."""

        async def endpoint(request: Request) -> Response:
            asked = form.model_validate_json(await request.body())
            found = await run_in_threadpool(lambda: answer(self._checked(request), asked))
            return found if isinstance(found, Response) else JSONResponse(found)

        return endpoint

    def chat(self, explored: Explored, message: Message) -> StreamingResponse:
        """What a persona says, as lines of JSON."""
        persona = persona_at(explored, message.who)
        if message.voice not in explored.voices:
            raise unknown("voice", message.voice, explored.voices)
        return StreamingResponse(self._lines(explored, persona, message), media_type="application/x-ndjson")

    def _lines(self, explored: Explored, persona: Persona, message: Message) -> Iterator[str]:
        """One persona speaks at a time; an error is the last line."""
        key = explored.version, message.voice
        try:
            with self._speaking:
                if key not in self._voices:
                    self._voices[key] = explored.voices[message.voice]()
                voice = self._voices[key]
                yield _line(about=voice.about)
                for said in voice.say(persona, message.message, message.options, message.strength, message.seed):
                    yield _line(text=said.text, answer=said.answer)
        except PersonaSpaceError as error:
            yield _line(error=one_line(error))

    def _checked(self, request: Request) -> Explored:
        """The run, unless the page was made of another fit than the one that would answer it."""
        explored = self._explored
        if request.headers.get("version") != explored.version or not explored.as_opened():
            raise HTTPException(CHANGED, "the run was fitted again since this page was opened: reload it")
        return explored


def application(explored: Explored, reopen: Callable[[], Explored], token: str) -> ASGIApp:
    """Build the application, which answers under ``/TOKEN/`` only.

    Args:
        explored: The run.
        reopen: Opens the run as it is then.
        token: What a path begins with.
    """
    explorer = Explorer(explored, reopen)
    answers = {
        "ask": explorer.answering(Asked, ask),
        "whom": explorer.answering(WhomToAsk, whom_to_ask),
        "read": explorer.answering(Read, lambda explored, wanted: read(explored, wanted.who)),
        "next": explorer.answering(Answered, next_to_ask),
        "chat": explorer.answering(Message, explorer.chat),
    }
    routes = [
        Route("/", explorer.page),
        Route("/static/{name}", explorer.file),
        Route("/api/current", explorer.current),
        *(Route(f"/api/{name}", endpoint, methods=["POST"]) for name, endpoint in answers.items()),
    ]
    handlers = {PersonaSpaceError: _failed, ValidationError: _failed, HTTPException: _failed}
    return Guard(Starlette(routes=[Mount(f"/{token}", routes=routes)], exception_handlers=handlers), token)


def _line(**content: str | None) -> str:
    return json.dumps(content) + "\n"


def _failed(_: Request, error: Exception) -> Response:
    """An error as one line of JSON."""
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    if isinstance(error, ValidationError):
        return JSONResponse({"error": f"this request cannot be read, {first_fault(error)}"}, 422)
    return JSONResponse({"error": one_line(error)}, 400)
