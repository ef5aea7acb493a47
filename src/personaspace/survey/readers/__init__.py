"""One reader per source of surveys."""

from personaspace.survey.readers.registry import read_survey

__all__ = ["read_survey"]
