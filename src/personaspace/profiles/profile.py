"""Profiles: the members of personas and their answers beside the population's, as tidy tables and short texts.

Shares are weighted by the survey's weights, counts of respondents and answers are not. Only personas with at least
two members are described: a single respondent or a mixture has no profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from personaspace.checks import check_whole
from personaspace.embedding.base import Embedder
from personaspace.persona.personas import PersonasLike, as_personas
from personaspace.profiles.card import cards
from personaspace.profiles.composition import composition
from personaspace.profiles.questions import MIN_ANSWERS, distinguishing_questions, separating_questions
from personaspace.survey.spreadsheet import write_csv
from personaspace.survey.survey import Survey


@dataclass(frozen=True, eq=False)
class Profile:
    """Tables about the same personas.

    Attributes:
        composition: See :func:`~personaspace.profiles.composition.composition`.
        distinguishing: See :func:`~personaspace.profiles.questions.distinguishing_questions`.
        separating: See :func:`~personaspace.profiles.questions.separating_questions`.
        cards: See :func:`~personaspace.profiles.card.cards`; always of answers that people gave.
    """

    composition: pd.DataFrame
    distinguishing: pd.DataFrame
    separating: pd.DataFrame
    cards: pd.DataFrame

    @property
    def card_texts(self) -> dict[str, str]:
        """The text of every persona's card, by name."""
        return dict(zip(self.cards["persona"], self.cards["card"], strict=True))

    def _repr_html_(self) -> str:
        with pd.option_context("display.max_colwidth", None):
            return self.cards.to_html(index=False, formatters={"share": "{:.1%}".format}, float_format="{:.0f}".format)

    @property
    def labels(self) -> dict[str, str]:
        """A few words on every persona, by name; see :func:`~personaspace.profiles.labels.persona_labels`."""
        return dict(zip(self.cards["persona"], self.cards["label"], strict=True))

    def save(self, folder: str | Path) -> None:
        """Write ``composition.csv``, ``distinguishing.csv``, ``separating.csv`` and ``cards.csv`` into a folder.

        Raises:
            RunError: The folder cannot be written.
        """
        self._write(folder, ("composition", "cards"))
        self.save_questions(folder)

    def save_questions(self, folder: str | Path) -> None:
        """Write the two tables of questions only.

        Raises:
            RunError: The folder cannot be written.
        """
        self._write(folder, ("distinguishing", "separating"))

    def _write(self, folder: str | Path, names: tuple[str, ...]) -> None:
        for name in names:
            table: pd.DataFrame = getattr(self, name)
            write_csv(Path(folder) / f"{name}.csv", table)


def profile(
    personas: PersonasLike, survey: Survey, min_answers: int = MIN_ANSWERS, embedder: Embedder | None = None
) -> Profile:
    """Describe personas: who their members are, and which answers distinguish them from the population.

    Args:
        personas: Those to describe, as Personas or a list.
        survey: Answers, traits and weights of the population; members are matched by id.
        min_answers: Questions that fewer members of a persona answered are left out for it.
        embedder: If given, the two tables of questions compare the answers it expects of every respondent (imputed
            answers) in place of those given.

    Returns:
        The tables.

    Raises:
        SettingError: No persona has two members.
        SurveyError: Of some persona the survey holds no member.

    Example:
        >>> from personaspace.embedding.factorization.model import Factorization
        >>> from personaspace.persona.groups import demographic_personas
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=300, seed=0)
        >>> ages = demographic_personas(Factorization(dim=4, seed=0).fit(survey), survey, "age")
        >>> profile(ages, survey).composition.columns[:4].tolist()
        ['persona', 'trait', 'label', 'value']
    """
    check_whole("min_answers", min_answers, 0)
    personas = as_personas(personas)
    who = composition(personas, survey)
    given = distinguishing_questions(personas, survey, min_answers)
    return Profile(
        composition=who,
        distinguishing=given if embedder is None else distinguishing_questions(personas, survey, 0, embedder),
        separating=separating_questions(personas, survey, min_answers, embedder),
        cards=cards(personas, survey, who, given),
    )
