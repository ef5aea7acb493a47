"""Settings as scikit-learn knows them: stored by the constructor, checked by fit, read and changed by name."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np

from personaspace.errors import SettingError, SurveyError, unknown
from personaspace.survey.stream import SurveyStream
from personaspace.survey.survey import Survey


@dataclass(eq=False)
class Settings:
    """Base of estimators whose settings are the fields of a dataclass, so that ``sklearn.base.clone`` copies them.

    Attributes:
        name: What the estimator is called in errors.
    """

    name: ClassVar[str]

    def check(self) -> None:
        """Check all settings, as fit does before it starts; subclasses add theirs.

        Raises:
            SettingError: A setting is outside what is allowed.
            UnknownNameError: A setting that is a name is not known.
        """

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The settings by name.

        Args:
            deep: Of no effect: no setting has settings of its own.
        """
        del deep
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def set_params(self, **settings: Any) -> Self:
        """Change settings; the next fit checks and uses them.

        Args:
            settings: New values by name.

        Returns:
            The estimator itself.

        Raises:
            UnknownNameError: There is no such setting; then none is changed.
        """
        allowed = self.get_params()
        for setting in settings:
            if setting not in allowed:
                raise unknown(f"setting of {self.name}", setting, allowed)
        for setting, value in settings.items():
            setattr(self, setting, value)
        return self


def check_whole(name: str, value: object, least: int, most: int | None = None) -> None:
    """Raise :class:`SettingError` unless the value is a whole number from ``least`` up, or to ``most``."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= (value if most is None else most):
        until = "up" if most is None else f"to {most}"
        raise SettingError(f"{name} is {value!r:.60}: a whole number from {least} {until} is allowed")


def check_between(name: str, value: object, low: float, high: float) -> None:
    """Raise :class:`SettingError` unless the value is a number with low < value < high."""
    if not isinstance(value, int | float | np.number) or isinstance(value, bool) or not low < value < high:
        raise SettingError(f"{name} is {value!r:.60}: a number between {low:g} and {high:g} is allowed")


def check_learnable(survey: Survey) -> None:
    """Raise :class:`SurveyError` unless this is a survey in memory with two respondents and an answer."""
    if isinstance(survey, SurveyStream):
        raise SurveyError(f"{survey!r} is a stream, which LightGCN learns from: read_survey brings it into memory")
    if len(survey.respondents) < 2 or not len(survey.answers):
        raise SurveyError(
            f"{survey!r} has {len(survey.respondents)} respondent(s) and {len(survey.answers)} answer(s): "
            "an embedder learns from at least two respondents and one answer"
        )
