"""Ensemble: several steered models that answer as one, and by how much they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Unpack

import numpy as np
import pandas as pd

from personaspace.errors import SettingError
from personaspace.steer.answering import Answerer
from personaspace.steer.persona_bootstrap import Bootstrap
from personaspace.steer.poll import Poll
from personaspace.steer.protocols import Persona, Personas, names_and_vectors
from personaspace.steer.steering import AskOptions, AskSettings
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question


class Ensemble(Answerer):
    """Steered models of different seeds on one space, answering with the mean of their probabilities.

    Where they differ, the training has left open what a persona would say (deep ensembles, arXiv 1612.01474).

    Args:
        members: Trained on the same space; loaded on one :class:`LanguageModel` they share its memory.

    Raises:
        SettingError: Fewer than two, or some with refusals as an outcome and some without.

    Example:
        >>> import personaspace as ps
        >>> survey = ps.simulate(respondents=50, seed=0).select(questions=range(3))
        >>> space = ps.Factorization(seed=0).fit(survey)
        >>> settings = [ps.TrainSettings(epochs=1, seed=seed) for seed in (0, 1)]
        >>> lm = ps.Ensemble([ps.SteeredLM("nano", settings=s).fit(survey, space) for s in settings])
        >>> poll = lm.poll("Should the voting age be lowered?", ["Yes", "No"], ps.individual_personas(space)[:2])
        >>> poll.probabilities.shape, poll.spread.shape
        ((2, 2), (2, 2))
    """

    def __init__(self, members: Sequence[Answerer]) -> None:
        self.members = tuple(members)
        if len(self.members) < 2:
            raise SettingError(f"{len(self.members)} model(s) given: an ensemble takes at least two")
        if len({member.refusals for member in self.members}) > 1:
            raise SettingError("some models know refusals and some do not: train all of them alike")
        self.refusals = self.members[0].refusals

    def outcomes(self, vectors: Vectors, question: Question, settings: AskSettings) -> Vectors:
        """Mean over the models; see :meth:`Answerer.outcomes`."""
        each = [member.outcomes(vectors, question, settings) for member in self.members]
        return np.asarray(np.mean(each, axis=0), dtype=np.float32)

    def poll(
        self,
        text: str,
        options: Sequence[str],
        personas: Personas | Persona,
        *,
        interval: Bootstrap | None = None,
        **how: Unpack[AskOptions],
    ) -> Poll:
        """As :meth:`Answerer.poll`, with the standard deviation between the models."""
        poll = super().poll(text, options, personas, interval=interval, **how)
        vectors = names_and_vectors(personas)[1]
        each = [member.predict(vectors, poll.question, **how) for member in self.members]
        table = poll.probabilities
        return replace(poll, spread=pd.DataFrame(np.std(each, axis=0, ddof=1), table.index, table.columns))
