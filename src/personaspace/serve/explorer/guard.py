"""The guard before the page: only this machine, only whoever knows the address, and no page of another site.

A page of another site can send requests to this machine, and by a name of its own that leads here (DNS rebinding) even
read the answers. So the address holds a token, requests must name this machine as host, and a request that a browser
marks as coming from another origin is refused.
"""

from __future__ import annotations

import json
import secrets
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 2**20
"""Bytes of a request's body, at most."""

HOSTS = {"127.0.0.1", "localhost"}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
}


class Guard:
    """Lets requests through to an application, and headers out that keep browsers strict.

    Args:
        app: What is guarded; it is mounted under ``/TOKEN``.
        token: The first part of every path.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI servers ask."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS.items()]
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, strict)
            return
        status, why = refusal
        body = json.dumps({"error": why}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await strict({"type": "http.response.start", "status": status, "headers": headers})
        await strict({"type": "http.response.body", "body": body})

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and reason where a request is refused."""
        headers, (_, token, *_) = Headers(scope=scope), f"{scope['path']}/".split("/")
        host = headers.get("host", "")
        if _name(f"//{host}") not in HOSTS:
            return 403, "this page is served to 127.0.0.1 and localhost only"
        if "origin" in headers and headers["origin"] != f"http://{host}":
            return 403, "pages of other sites cannot use this one"
        if not secrets.compare_digest(token.encode(), self._token.encode()):
            return 404, "there is nothing here: open the whole address that `personaspace explore` printed"
        if scope["method"] in ("GET", "HEAD"):
            return None
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return 415, "send JSON, as content-type application/json"
        length = headers.get("content-length", "")
        if not length.isdecimal():
            return 411, "send the length of the body, as content-length"
        if int(length) > MOST_BYTES:
            return 413, f"the body has {length} bytes: send at most {MOST_BYTES}"
        return None


def _name(address: str) -> str | None:
    """The host named in an address, without its port; ``None`` where there is none."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
