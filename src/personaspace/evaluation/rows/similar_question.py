"""Baselines for questions that nobody has answered yet, from the most similar question that was answered.

Similarity is the cosine of tf-idf vectors of question and option texts. Answers are carried to another number of
options by relative place: the first to the first, the last to the last, those between in proportion.
"""

from __future__ import annotations

import numpy as np

from personaspace.evaluation.predictions import Predictions, padded_columns
from personaspace.evaluation.rows.baselines import majority_table
from personaspace.evaluation.shared_questions import answers_of, matched_questions
from personaspace.survey.arrays import FloatArray
from personaspace.survey.survey import Survey
from personaspace.survey.text_vectors import question_text, tfidf


def similar_question_majority(train: Survey, test: Survey) -> Predictions:
    """Predict every answer by the shares of the most similar other question of ``train``.

    The prediction is s times that question's shares, carried over by relative place, plus 1 - s times the (position)
    majority, with s the similarity.

    Args:
        train: Answers to learn from.
        test: Answers to predict; who answered in ``train`` does not matter.

    Returns:
        One row per answer of ``test``.
    """
    similarity = question_similarity(train, test)
    counts, table = train.option_counts(), majority_table(train, test)
    for j in np.flatnonzero(similarity.max(axis=1, initial=0.0) > 0):
        source = int(similarity[j].argmax())
        given = counts[train.offsets[source] : train.offsets[source + 1]]
        moved = given @ relative_places(len(given), len(test.questions[j].options)) / given.sum()
        trust = similarity[j, source]
        here = slice(test.offsets[j], test.offsets[j + 1])
        table[:, here] = trust * moved + (1 - trust) * table[:, here]
    return Predictions.from_table(test, table, np.zeros(len(test.answers), np.int64))


def own_similar_answer(train: Survey, test: Survey, known: Survey | None = None) -> Predictions:
    """Predict every answer by the respondent's own answer to the most similar other question they answered.

    The prediction is s/2 times that answer, carried over by relative place, plus 1 - s/2 times the (position)
    majority, with s the similarity; half of it, because one answer says less about another than a distribution does.

    Args:
        train: Answers from which the majority is taken.
        test: Answers to predict.
        known: The respondents' own answers, ``train`` if not given; matched to ``test`` by respondent id.

    Returns:
        One row per answer of ``test``.
    """
    known = train if known is None else known
    own = answers_of(known, test)
    similarity = question_similarity(known, test)
    columns, table = padded_columns(test), majority_table(train, test)[0]
    probabilities = np.where(columns >= 0, table[columns], 0.0)[test.answers.question]
    for j in np.unique(test.answers.question):
        rows = np.flatnonzero(test.answers.question == j)
        given = own[test.answers.respondent[rows]]
        closeness = np.where(given >= 0, similarity[j], 0.0)
        source, trust = closeness.argmax(axis=1), closeness.max(axis=1, initial=0.0) / 2
        options = len(test.questions[j].options)
        for other in np.unique(source[trust > 0]):
            here = (trust > 0) & (source == other)
            moved = relative_places(len(known.questions[other].options), options)[given[here, other]]
            share, at = trust[here, None], rows[here]
            probabilities[at, :options] = share * moved + (1 - share) * probabilities[at, :options]
    return Predictions.of(test, probabilities)


def question_similarity(train: Survey, test: Survey) -> FloatArray:
    """Cosine of tf-idf vectors over texts and options, in [0, 1].

    Args:
        train: Questions to compare with.
        test: Questions to find neighbours for.

    Returns:
        Shape ``[questions of test, questions of train]``; 0 for a question itself and for one without
        answers.
    """
    texts = [[question_text(question) for question in survey.questions] for survey in (train, test)]
    vectorizer = tfidf(texts[0] + texts[1])
    seen, asked = (vectorizer.transform(part) for part in texts)
    similarity: FloatArray = (asked @ seen.T).toarray()
    similarity[:, np.bincount(train.answers.question, minlength=len(train.questions)) == 0] = 0
    itself = matched_questions(train.questions, test)
    similarity[np.flatnonzero(itself >= 0), itself[itself >= 0]] = 0
    return similarity


def relative_places(source: int, target: int) -> FloatArray:
    """Map the options of one question to those of another by relative place.

    Args:
        source: Number of options of the question that was answered, at least 2.
        target: Number of options of the other question, at least 2.

    Returns:
        Shape ``[source, target]``, rows sum to 1; an option between two is shared by both.

    Example:
        >>> relative_places(3, 2)
        array([[1. , 0. ],
               [0.5, 0.5],
               [0. , 1. ]])
    """
    place = np.linspace(0, target - 1, source)
    shared: FloatArray = np.maximum(1 - np.abs(place[:, None] - np.arange(target)), 0)
    return shared
