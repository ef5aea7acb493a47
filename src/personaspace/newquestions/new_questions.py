"""NewQuestions: what a space expects of a question nobody asked, from its text, a few people, a topline, a crosstab."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError
from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.newquestions.new_question import NewQuestion
from personaspace.newquestions.option_weights import Axes
from personaspace.newquestions.population import Population
from personaspace.survey.arrays import FloatArray
from personaspace.survey.question import Question, new_question
from personaspace.survey.survey import Survey


class NewQuestions:
    """What a fitted embedder's space expects of questions that nobody was asked.

    Args:
        embedder: Fitted.
        train: The answers that it was fitted on; traits and weights of its respondents.
        prior: The question prior, where it is known already; found from the questions' texts otherwise.
        features: Vectors of questions beside their words, one row each, such as sentence vectors or a language model's
            hidden states; the prior given must have been made with the same.

    Raises:
        NotFittedError: The embedder was not fitted.
        SettingError: A prior made with vectors of questions comes without them, or the other way round.
        SurveyError: One of its respondents is not in the survey.

    Example:
        >>> import personaspace as ps
        >>> survey = ps.simulate(respondents=200, seed=0)
        >>> space = ps.Factorization(dim=8, seed=0).fit(survey)
        >>> asked = ps.NewQuestions(space, survey).ask("Should trains be free of charge?", ["Yes", "No"])
        >>> before = asked.everybody().probabilities
        >>> told = asked.pilot({"r001": "Yes", "r002": "Yes"}).topline({"Yes": 0.9, "No": 0.1})
        >>> print((told.everybody().probabilities > before)["Yes"].tolist())
        [True]
    """

    def __init__(
        self,
        embedder: Embedder,
        train: Survey,
        prior: QuestionPrior | None = None,
        features: Callable[[Sequence[Question]], FloatArray] | None = None,
    ) -> None:
        embedder.check_fitted()
        if prior is not None and (prior.states is None) is not (features is None):
            with_or = "without" if prior.states is None else "with"
            raise SettingError(f"this question prior was made {with_or} vectors of questions: give features likewise")
        self.features = features
        self.prior = prior or QuestionPrior(
            embedder.questions_,
            embedder.option_log_odds([question.id for question in embedder.questions_]),
            Axes.of(embedder.respondents_),
            None if features is None else features(embedder.questions_),
        )
        self.people = Population(embedder, train, self.prior.axes)

    def ask(self, question: str | Question, options: Sequence[str] | None = None) -> NewQuestion:
        """Ask a question.

        Args:
            question: Its text, or a question, such as one on a scale that :meth:`Question.number` makes.
            options: The texts of two or more answers, with a text.

        Returns:
            What is expected of it. A question that was asked already, with the same options in any order, is expected
            to be answered as the embedder predicts it (:attr:`NewQuestion.known`).

        Raises:
            SettingError: The text or an option is empty, or a text comes without options.
            SurveyError: Fewer than two options, or one of them twice.
        """
        if isinstance(question, str):
            question = new_question(question, () if options is None else options)
        elif options is not None:
            raise SettingError("a question has its options already: give options with a text only")
        if self.features is None:
            return NewQuestion(self.prior, self.people, question)
        import torch

        states = torch.from_numpy(np.asarray(self.features([question])[0]))
        return NewQuestion(self.prior, self.people, question, states)

    def save(self, folder: str | Path) -> None:
        """Write the question prior to a folder."""
        self.prior.save(folder)
