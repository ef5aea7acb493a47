"""How long does the explorer take to answer, without a language model?

    python benchmarks/explorer.py [RUN] [--times 8]
    python benchmarks/explorer.py --quick

The page of a fitted run, or of a simulated survey, is served on this machine and asked over HTTP as a browser asks it:
new, known and held-out questions, with guests, a pilot of ten and a topline; whom to ask; a respondent and a mixture;
and a dozen questions to place somebody. Median and slowest milliseconds of each. The last line is one JSON object: the
slowest of all (ours) and the 300 milliseconds within which an answer feels immediate (peer).
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from shared.closing_line import closing_line

import personaspace as ps
from personaspace.runs.explore import explored_run
from personaspace.runs.fit import fit_run
from personaspace.runs.run import Run
from personaspace.serve.explorer.app import application
from personaspace.serve.explorer.server import HOST, listening, run

AT_ONCE = 300.0
TOKEN = "benchmark"  # noqa: S105


class Page:
    """A served page.

    Args:
        folder: The run folder.
    """

    def __init__(self, folder: Path) -> None:
        taken = listening(0)
        app = application(explored_run(folder), lambda: explored_run(folder), TOKEN)
        threading.Thread(target=run, args=(app, taken), daemon=True).start()
        self.port = taken.getsockname()[1]
        page, self.opened = self._sent("GET", "", None, {})
        found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
        self.data: Any = json.loads(found[1]) if found else {}

    def call(self, path: str, body: Any) -> tuple[Any, float]:
        """The answer, and the milliseconds it took."""
        headers = {"content-type": "application/json", "version": self.data["version"]}
        text, took = self._sent("POST", f"api/{path}", json.dumps(body), headers)
        return json.loads(text), took

    def _sent(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> tuple[str, float]:
        begun, connection = time.perf_counter(), http.client.HTTPConnection(HOST, self.port)
        connection.request(method, f"/{TOKEN}/{path}", body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"{path}: {text}")
        return text, 1000 * (time.perf_counter() - begun)


def requests(page: Page, times: int) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Name, path and bodies of what is asked."""
    questions = page.data["questions"]
    held, known = (
        [{"question": one["text"], "options": one["options"]} for one in questions if one["held_out"] is kind][:times]
        for kind in (True, False)
    )
    new = [{"question": f"Should {n} be the voting age?", "options": ["Yes", "No", "Not sure"]} for n in range(times)]
    first = next(one for one in questions if not one["held_out"])
    people, personas = page.data["ids"][:10], [persona["name"] for persona in page.data["personas"]]
    mix = {"mix": dict.fromkeys(personas[:2], 1.0)}
    guests = [{"respondent": people[0]}, mix, {"answers": {first["id"]: first["options"][0]}}]

    def pilot(body: dict[str, Any]) -> str:
        return "\n".join(f"{name},{body['options'][n % 2]}" for n, name in enumerate(people))

    yield "a new question", "ask", new
    yield "a known question", "ask", known
    yield "a held-out question", "ask", held
    yield "a new question, three guests", "ask", [{**body, "guests": guests} for body in new]
    yield "a new question, a pilot of ten", "ask", [{**body, "pilot": pilot(body)} for body in new]
    shares = {"Yes": 38, "No": 55, "Not sure": 7}
    yield "the same and a topline", "ask", [{**body, "pilot": pilot(body), "topline": shares} for body in new]
    yield "a held-out question, a pilot of ten", "ask", [{**body, "pilot": pilot(body)} for body in held]
    yield "whom to ask", "whom", new
    yield "whom to ask of those who answered", "whom", held
    yield "a respondent", "read", [{"who": {"respondent": name}} for name in people]
    yield "a mixture", "read", [{"who": mix}] * times


def place(page: Page) -> list[float]:
    """Milliseconds of each step of placing somebody: the next question, and where the answers lead."""
    answers: dict[str, str] = {}
    took = []
    while len(answers) < page.data["wanted"]:
        found, milliseconds = page.call("next", {"answers": answers})
        took.append(milliseconds)
        if (question := found["question"]) is None:
            break
        answers[question["id"]] = question["options"][len(answers) % len(question["options"])]
        took.append(page.call("read", {"who": {"answers": answers}})[1])
    return took


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", type=Path, help="A fitted run; a simulated survey where none is given.")
    parser.add_argument("--times", type=int, default=8, help="How often each is asked.")
    parser.add_argument("--quick", action="store_true", help="A small simulated survey, two questions of a kind.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder, times = arguments.run, 2 if arguments.quick else arguments.times
        if folder is None:
            folder = Path(temporary) / "run"
            fit_run(Run.create(folder), ps.simulate(respondents=100 if arguments.quick else 2000, seed=0))
        page = Page(folder)
        print(f"the page: {page.opened:.0f} ms")
        slowest = 0.0
        for name, path, bodies in requests(page, times):
            took = [page.call(path, body)[1] for body in bodies]
            slowest = max(slowest, *took)
            print(f"{name}: median {np.median(took):.0f} ms, slowest {max(took):.0f} ms")
        took = place(page)
        print(f"twelve questions to place somebody: median {np.median(took):.0f} ms, slowest {max(took):.0f} ms")
    print(closing_line("explorer", max(slowest, *took), AT_ONCE, "ms", less_is_better=True))


if __name__ == "__main__":
    main()
