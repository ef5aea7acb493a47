"""Surveys: respondents, questions and answers; their readers, splits and a simulation."""
