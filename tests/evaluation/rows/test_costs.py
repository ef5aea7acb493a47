"""What takes long, by a clock that only the methods move."""

from __future__ import annotations

import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import SettingError
from personaspace.evaluation.evaluation_sets import EvaluationSet
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.rows.baselines import majority
from personaspace.evaluation.rows.costs import TRIED, time_of_slow
from personaspace.evaluation.rows.method import Method
from personaspace.survey.split import Split
from personaspace.survey.survey import Survey


@pytest.fixture
def at(parts: Split, embedder: Factorization) -> EvaluationSet:
    return EvaluationSet("held-out answers", parts.held_out_answers, parts.train, embedder.respondents_, True)


class Clock:
    """Time that passes by 1 second an answer, and by 1,000 where a method begins."""

    def __init__(self) -> None:
        self.now = 0.0
        self.begun: set[str] = set()

    def method(self, name: str, train: Survey) -> Method:
        def predict(test: Survey) -> Predictions:
            self.now += len(test.answers) + (0 if name in self.begun else 1000)
            self.begun.add(name)
            return majority(train, test)

        return Method(name, predict, slow=True)


def test_the_time_of_few_questions_stands_for_all(
    at: EvaluationSet, parts: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a method does once, on the first question, is not multiplied; what fails or is quick is not named."""
    clock = Clock()
    monkeypatch.setattr("time.perf_counter", lambda: clock.now)

    def fail(_: Survey) -> Predictions:
        raise SettingError("n/a")

    quick = Method("quick", lambda test: majority(parts.train, test))
    planned = [(at, clock.method("long", parts.train)), (at, quick), (at, Method("broken", fail, slow=True))]
    minutes = len(at.test.answers) / 60
    assert len(at.test.questions) > TRIED
    sentence = f"the rows that take long take about {minutes:.0f} min in all; the longest: long {minutes:.0f} min"
    assert time_of_slow(planned) == sentence


def test_little_time_is_not_said(at: EvaluationSet, parts: Split) -> None:
    assert time_of_slow([(at, Method("majority", lambda test: majority(parts.train, test), slow=True))]) == ""
