"""Speed of benchmarks/new_questions.py: asking, updating, and fitting the question prior, on made-up questions."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from shared.closing_line import closing_line
from shared.peak_memory import peak_memory_mb

import personaspace as ps
from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.newquestions.option_weights import Axes
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Question, new_question

RESPONDENTS, QUESTIONS, OPTIONS, DIM, PILOT = 10_000, 500, 4, 128, 100
REPEATS = 20


def measure_speed() -> str:
    """A Markdown table of what takes how long, and the JSON line: one update, against the 200 ms it may take."""
    rng = np.random.default_rng(0)
    survey = ps.simulate(respondents=RESPONDENTS, seed=0)
    space = ps.LightGCN(dim=DIM, seed=0).fit(survey)
    personas = ps.cluster_personas(space, survey, k=10)
    axes = Axes.of(space.respondents_)
    lines = ["| | seconds of computing | peak memory, MB |", "|---|---|---|"]

    def timed(name: str, act: Callable[[], object], repeats: int = 1) -> float:
        began = time.process_time()
        for _ in range(repeats):
            act()
        seconds = (time.process_time() - began) / repeats
        lines.append(f"| {name} | {seconds:.3f} | {peak_memory_mb():,.0f} |")
        return seconds

    prior = _prior(QUESTIONS, axes, rng)
    timed(
        f"settings of the kernels and factors, {QUESTIONS} questions of {OPTIONS} options", lambda: prior.leave_one_out
    )
    new = ps.NewQuestions(space, survey, prior)
    asked = new.ask(_question(rng))
    answers = {space.ids_[who]: asked.question.options[who % OPTIONS].text for who in range(PILOT)}
    timed("respondents' places, once", lambda: new.people.places)
    timed("ask, and predict 10 personas", lambda: new.ask(_question(rng)).predict(personas), REPEATS)
    timed(f"ask, and predict {RESPONDENTS:,} respondents one by one", lambda: _each(new, rng), REPEATS)
    timed(f"ask, and the shares of {RESPONDENTS:,} respondents", lambda: new.ask(_question(rng)).everybody(), REPEATS)
    update = timed(f"pilot of {PILOT}, and the shares of everybody", lambda: asked.pilot(answers).everybody(), REPEATS)
    timed(f"pilot of {PILOT}, and predict 10 personas", lambda: asked.pilot(answers).predict(personas), REPEATS)
    largest = _prior(2000, axes, rng)
    timed("8,000 options: settings and factors", lambda: largest.distribution(_question(rng)))
    timed("8,000 options: ask", lambda: largest.distribution(_question(rng)), 3)
    closing = closing_line(f"one update by {PILOT} answers", update, 0.2, "seconds", less_is_better=True)
    return "\n".join([*lines, "", closing])


def _each(new: ps.NewQuestions, rng: np.random.Generator) -> FloatArray:
    return new.ask(_question(rng)).belief.probabilities(new.people.places)


def _prior(questions: int, axes: Axes, rng: np.random.Generator) -> QuestionPrior:
    """The prior of made-up questions with random log-odds."""
    asked = [_question(rng) for _ in range(questions)]
    weights = rng.normal(size=(questions * OPTIONS, 1 + len(axes.mean)))
    return QuestionPrior(asked, weights, axes)


def _question(rng: np.random.Generator) -> Question:
    """Fifteen made-up words, common ones more often, and options of two words."""
    words = [f"word{number}" for number in rng.zipf(1.3, size=15 + 2 * OPTIONS) % 3000]
    options = [f"{number} {' '.join(words[15 + 2 * number :][:2])}" for number in range(OPTIONS)]
    return new_question(" ".join(words[:15]), options)
