"""Ensemble: several steered models that answer with the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Unpack

import numpy as np
import pandas as pd

from personaspace.errors import SettingError
from personaspace.newquestions.points import PersonasLike, names_and_vectors
from personaspace.newquestions.poll import Poll
from personaspace.steer.answering import Answerer
from personaspace.steer.persona_bootstrap import Bootstrap
from personaspace.steer.steering import AskOptions, AskSettings
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question


class Ensemble(Answerer):
    """Deep ensemble: steered models of different seeds that answer with the mean of their probabilities.

    The spread between them shows where training left the answer open (arXiv 1612.01474).

    Args:
        members: Models trained on the same embedder; given one :class:`LanguageModel` they share its memory.

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
            raise SettingError("some models know refusals and some do not: train all with the same refusals setting")
        self.refusals = self.members[0].refusals

    def outcomes(self, vectors: Vectors, question: Question, settings: AskSettings) -> Vectors:
        """Mean over the models; see :meth:`Answerer.outcomes`."""
        each = [member.outcomes(vectors, question, settings) for member in self.members]
        return np.asarray(np.mean(each, axis=0), dtype=np.float32)

    def poll(
        self,
        text: str,
        options: Sequence[str],
        personas: PersonasLike,
        *,
        interval: Bootstrap | None = None,
        **how: Unpack[AskOptions],
    ) -> Poll:
        """Ask a question of personas as :meth:`Answerer.poll` does, with the standard deviation between the models."""
        poll = super().poll(text, options, personas, interval=interval, **how)
        vectors = names_and_vectors(personas)[1]
        each = [member.predict(vectors, poll.question, **how) for member in self.members]
        table = poll.probabilities
        return replace(poll, spread=pd.DataFrame(np.std(each, axis=0, ddof=1), table.index, table.columns))
