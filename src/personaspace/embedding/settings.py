"""Settings as scikit-learn knows them: stored by the constructor, checked by fit, read and changed by name."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

from personaspace.errors import SurveyError, unknown
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


def check_learnable(survey: Survey) -> None:
    """Raise :class:`SurveyError` unless this is a survey in memory with two respondents and an answer."""
    if isinstance(survey, SurveyStream):
        raise SurveyError(f"{survey!r} is a stream, which LightGCN learns from: read_survey brings it into memory")
    if len(survey.respondents) < 2 or not len(survey.answers):
        raise SurveyError(
            f"{survey!r} has {len(survey.respondents)} respondent(s) and {len(survey.answers)} answer(s): "
            "an embedder learns from at least two respondents and one answer"
        )
