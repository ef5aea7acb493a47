"""One checksum for all that a survey holds."""

from __future__ import annotations

import hashlib
import json

from personaspace.survey.survey import Survey


def digest(survey: Survey) -> str:
    """A sha256 over respondents, questions, answers, refusals, traits and weights.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> digest(simulate(50, seed=0)) == digest(simulate(50, seed=0)) != digest(simulate(50, seed=1))
        True
    """
    state = hashlib.sha256()
    about = [survey.name, survey.simulated, survey.respondents, [question.to_json() for question in survey.questions]]
    state.update(json.dumps(about).encode())
    state.update(survey.traits.to_csv(index=False).encode())
    for pairs in (survey.answers, survey.refusals):
        for name, column in vars(pairs).items():
            if name != "value" or survey.answers.numeric:
                state.update(column.tobytes())
    state.update(survey.weight.tobytes())
    return state.hexdigest()
