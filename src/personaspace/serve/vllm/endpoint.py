"""JSON over HTTP to one server, with timeouts, retries and clear errors."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from personaspace.checks import check_number, check_text, check_whole
from personaspace.errors import ServerError, SettingError, escaped, shown

BUSY = (408, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Endpoint:
    """A server that takes and returns JSON.

    Attributes:
        url: Its address, such as ``http://localhost:8000``; a ``/v1`` at its end is removed.
        key: API key, sent as a bearer token.
        timeout: Seconds to wait for a response.
        retries: Times a request is sent again when the server is busy or out of reach.
        pause: Seconds before the first retry; twice as long before each further one.

    Raises:
        SettingError: The address does not begin with ``http://`` or ``https://``.
    """

    url: str
    key: str | None = None
    timeout: float = 120.0
    retries: int = 2
    pause: float = 0.5

    def __post_init__(self) -> None:
        check_number("timeout", self.timeout, 0, above=True)
        check_whole("retries", self.retries, 0)
        if not check_text("url", self.url).startswith(("http://", "https://")):
            raise SettingError(f"{shown(self.url)} is not the address of a server: write http://HOST:PORT")
        object.__setattr__(self, "url", self.url.rstrip("/").removesuffix("/v1"))

    def ask(self, path: str, body: Any = None) -> Any:
        """Send a body as JSON by POST; without a body, GET.

        Returns:
            The server's response, decoded.

        Raises:
            ServerError: It cannot be reached, refuses, fails, or does not respond in JSON.
        """
        for attempt in range(self.retries + 1):
            try:
                return self._once(path, body)
            except ServerError as error:
                if attempt == self.retries or not error.passing:
                    raise
                time.sleep(self.pause * 2**attempt)
        raise AssertionError("unreachable")

    def _once(self, path: str, body: Any) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=self.timeout) as answer:  # noqa: S310
                content = answer.read()
        except urllib.error.HTTPError as error:
            raise self._refused(error.code, _message(error.read())) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = escaped(str(getattr(error, "reason", error)), most=120)
            raise ServerError(
                f"no server answers at {self.url} ({reason}): check that it runs and that the address is right",
                passing=True,
            ) from error
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise ServerError(f"{self.url}{path} does not answer in JSON: is this the right server?") from error

    def _refused(self, status: int, message: str) -> ServerError:
        if status in (401, 403):
            return ServerError(f"the server at {self.url} wants another API key (status {status})")
        return ServerError(f"the server at {self.url} says, with status {status}: {message}", passing=status in BUSY)


def _message(content: bytes) -> str:
    try:
        error = json.loads(content)["error"]
        return escaped(str(error["message"] if isinstance(error, dict) else error), most=200)
    except (ValueError, KeyError, TypeError, RecursionError):
        return escaped(content.decode(errors="replace") or "nothing more", most=200)
