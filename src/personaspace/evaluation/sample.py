"""A sample of the answers of every evaluation set, drawn once so that all rows are measured on the same answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from personaspace.checks import check_whole
from personaspace.errors import MAX_SEED
from personaspace.survey.survey import Survey


@dataclass(frozen=True)
class Sample:
    """How many answers of each evaluation set are measured, drawn at random.

    Attributes:
        respondents: Respondents, at most; ``None`` for all.
        answers: Answers of theirs, at most; ``None`` for all.
        seed: Equal seeds draw the same answers. Evaluation sets with the same respondents draw the same of them.

    Raises:
        SettingError: A number is below 1, or the seed is negative.
    """

    respondents: int | None = None
    answers: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("respondents", "answers"):
            if getattr(self, name) is not None:
                check_whole(name, getattr(self, name), least=1)
        check_whole("seed", self.seed, least=0, most=MAX_SEED)

    def __str__(self) -> str:
        """In words, such as ``"at most 200 respondents and 2,000 answers of each evaluation set, seed 0"``."""
        numbers = ((self.respondents, "respondents"), (self.answers, "answers"))
        most = " and ".join(f"{number:,} {what}" for number, what in numbers if number is not None)
        return f"at most {most} of each evaluation set, seed {self.seed}"

    def of(self, test: Survey) -> Survey:
        """The same respondents and questions with the answers drawn.

        Example:
            >>> from personaspace.survey.simulate import simulate
            >>> drawn = Sample(respondents=5, answers=20).of(simulate(respondents=50, seed=0))
            >>> len(set(drawn.answers.respondent.tolist())), len(drawn.answers)
            (5, 20)
        """
        if self.respondents is self.answers is None:
            return test
        of_people, of_answers = np.random.default_rng(self.seed).spawn(2)
        answering = np.bincount(test.answers.respondent, minlength=len(test.respondents)) > 0
        order = of_people.permutation(len(test.respondents))
        people = order[answering[order]][: self.respondents]
        rows = np.flatnonzero(np.isin(test.answers.respondent, people))
        return test.with_answers(np.sort(of_answers.permutation(rows)[: self.answers]))
