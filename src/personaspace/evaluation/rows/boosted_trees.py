"""Boosted trees for every question, from traits and from other answers: what a tabular learner makes of a survey.

One CatBoost classifier a question (Prokhorenkova et al. 2018) learns from the training answers to it. Features are
traits, as categories, and in "traits and answers" the respondent's answers to all other questions: the place on the
scale where options have an order, a category otherwise, missing where there is no answer. The number of trees is where
the loss of the validation answers (:func:`~personaspace.survey.validation.validation_mask`) has stopped falling.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from personaspace.errors import SettingError, shown
from personaspace.evaluation.predictions import Predictions, padded_positions
from personaspace.evaluation.rows.baselines import majority_table
from personaspace.evaluation.rows.choice import TRAITS_ALONE, WITH_ANSWERS
from personaspace.evaluation.rows.language_model_rows import each_question
from personaspace.evaluation.shared_questions import answers_of, matched_questions, seen_questions
from personaspace.steer.protocols import OnStep
from personaspace.survey.arrays import FloatArray, IntArray
from personaspace.survey.lookup import NOWHERE, index_of, positions
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask

TREES, RATE, PATIENCE = 300, 0.1, 20
"""Trees of a question at most, the learning rate, and trees without a gain after which it ends; depth is CatBoost's."""

ONE_HOT = 255
"""Values of a trait up to which every value is a feature of its own; CatBoost allows no more."""

UNPLACED = -1.0
"""The place of an option that has none on its question's scale, below all others."""


class BoostedTrees:
    """Boosted trees for every question of a survey, fitted when a question is first predicted.

    With answers, a respondent is learned from twice: by all other answers, and by a random number of them, so that
    people of whom little is known can be predicted too.

    Args:
        train: Answers to learn from.
        answers: Whether a respondent's other answers are features beside the traits.
        seed: Equal seeds give equal trees.
        on_step: Called with the questions fitted and those to fit.

    Raises:
        SettingError: CatBoost is not installed.
    """

    def __init__(self, train: Survey, answers: bool, seed: int = 0, on_step: OnStep | None = None) -> None:
        check_catboost()
        self.train, self.answers, self.seed, self.on_step = train, answers, seed, on_step
        self.name = WITH_ANSWERS if answers else TRAITS_ALONE
        self._validation = validation_mask(train)
        self._ordinal = np.array([question.ordinal for question in train.questions], np.bool_)
        self._values = {str(trait): index_of(train.traits[trait].dropna().unique()) for trait in train.traits.columns}
        known = (train, thinned(train, seed)) if answers else (train,)
        self._features = [self._features_of(survey, train) for survey in known]
        self._models: dict[str, Any] = {}

    def predict(self, known: Survey, test: Survey) -> Predictions:
        """Predict every answer by its question's trees, as if every option had been chosen once more: (n p + 1) / sum.

        A question with training answers that do not differ, or without validation answers, is predicted by the
        majority.

        Args:
            known: The respondents' known answers, matched by id.
            test: Answers to predict, with the respondents' traits.

        Raises:
            SettingError: A question has no answers in ``train``, or other options there.
        """
        asked = np.unique(test.answers.question)
        if (unseen := asked[seen_questions(self.train, test)[asked] == NOWHERE]).size:
            name = test.questions[unseen[0]].id
            raise SettingError(f"question {shown(name)} has no training answers for boosted trees to learn from")
        self._fit([test.questions[j] for j in asked])
        features = self._features_of(known, test)
        table, counts = majority_table(self.train, test)[0], self.train.option_counts()

        def predict(respondents: IntArray, question: Question) -> FloatArray:
            j, here = self.train.question_index[question.id], test.question_index[question.id]
            model = self._models[question.id]
            if model is None:
                return np.tile(table[test.offsets[here] : test.offsets[here + 1]], (len(respondents), 1))
            answers = counts[self.train.offsets[j] : self.train.offsets[j + 1]].sum()
            expected = np.ones((len(respondents), len(question.options)))
            rows = _without(features.iloc[respondents], j)
            expected[:, model.classes_.astype(int)] += answers * model.predict_proba(rows)
            return expected

        return each_question(predict, test)

    def _fit(self, questions: Sequence[Question]) -> None:
        """Fit the trees of questions that have none, one question a processor."""
        new = [question for question in questions if question.id not in self._models]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for done, (question, model) in enumerate(zip(new, pool.map(self._model, new), strict=True), 1):
                self._models[question.id] = model
                if self.on_step:
                    self.on_step("boosted trees", done, len(new), self.name)

    def _model(self, question: Question) -> Any:
        """The trees of a question; ``None`` where its answers do not differ or none are for validation."""
        from catboost import CatBoostClassifier, Pool

        j = self.train.question_index[question.id]
        here = self.train.answers.question == j
        who, chosen, validation = (
            self.train.answers.respondent[here],
            self.train.answers.option[here],
            self._validation[here],
        )
        validation &= np.isin(chosen, chosen[~validation])
        if not validation.any() or len(np.unique(chosen[~validation])) < 2:
            return None
        training, watched = (
            Pool(
                pd.concat([_without(features.iloc[who[part]], j) for features in self._features]),
                np.tile(chosen[part], len(self._features)),
                cat_features=self._categories(j),
            )
            for part in (~validation, validation)
        )
        model = CatBoostClassifier(
            loss_function="MultiClass",
            iterations=TREES,
            learning_rate=RATE,
            early_stopping_rounds=PATIENCE,
            one_hot_max_size=ONE_HOT,
            random_seed=self.seed,
            thread_count=1,
            allow_writing_files=False,
            verbose=False,
        )
        return model.fit(training, eval_set=watched)

    def _features_of(self, known: Survey, people: Survey) -> pd.DataFrame:
        """A row per respondent of ``people``: traits, and the answers that are known of them."""
        traits = {trait: positions(people.traits[trait], values) for trait, values in self._values.items()}
        table = pd.DataFrame(traits).add_prefix("trait ")
        if not self.answers:
            return table
        given = np.full((len(people.respondents), len(self.train.questions)), NOWHERE)
        source = matched_questions(known.questions, self.train)
        given[:, source != NOWHERE] = answers_of(known, people)[:, source[source != NOWHERE]]
        places = np.nan_to_num(padded_positions(self.train), nan=UNPLACED)
        placed = np.where(given == NOWHERE, np.nan, places[np.arange(len(places)), given]).astype(np.float32)
        parts = [
            pd.DataFrame(part[:, kind], columns=[_answer(j) for j in np.flatnonzero(kind).tolist()])
            for part, kind in ((given, ~self._ordinal), (placed, self._ordinal))
        ]
        return pd.concat([table, *parts], axis=1)

    def _categories(self, without: int) -> list[str]:
        """Names of the features that are categories, without the answer to a question."""
        answers = [_answer(j) for j in np.flatnonzero(~self._ordinal).tolist() if j != without] if self.answers else []
        return [*(f"trait {trait}" for trait in self._values), *answers]


def check_catboost() -> None:
    """Raise :class:`SettingError` unless CatBoost is installed."""
    try:
        import catboost  # noqa: F401
    except ImportError as error:
        raise SettingError("row 'boosted trees' needs catboost: pip install 'personaspace[trees]'") from error


def thinned(survey: Survey, seed: int) -> Survey:
    """The survey with a random number of each respondent's answers, drawn on a logarithmic scale, not all."""
    of_number, of_order = np.random.default_rng(seed).spawn(2)
    respondent = survey.answers.respondent
    counts = np.bincount(respondent, minlength=len(survey.respondents))
    kept = np.floor((counts + 1) ** of_number.random(len(counts))) - 1
    order = of_order.permutation(len(respondent))
    order = order[np.argsort(respondent[order], kind="stable")]
    rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    return survey.with_answers(np.sort(order[rank < np.repeat(kept, counts)]))


def _without(features: pd.DataFrame, question: int) -> pd.DataFrame:
    """Features without the answer to a question."""
    return features.drop(columns=_answer(question), errors="ignore")


def _answer(question: int) -> str:
    return f"answer {question}"
