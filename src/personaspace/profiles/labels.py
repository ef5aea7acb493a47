"""Labels of personas made from statistics: the trait and the answer that set each apart most, in a few words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations, product

import numpy as np
import pandas as pd

from personaspace.persona.personas import Personas
from personaspace.profiles.answers_apart import AnswersApart, Row
from personaspace.profiles.composition import SIGNIFICANT
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

TRAITS, ANSWERS = 3, 8
"""Traits and answers of a persona from which its label is made."""

VALUE, OPTION, WORD = 3, 4, 18
"""Words of a trait's value and of an option, and characters of a word, that a label quotes at the most."""

TELLING = 5
"""Letters from which a trait's value may stand alone, without the trait's name."""

COMMON = 0.05
"""Part of the questions from which a word that they share says little about one of them."""

LETTERS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def persona_labels(
    personas: Personas, composition: pd.DataFrame, distinguishing: pd.DataFrame, apart: AnswersApart
) -> dict[str, str]:
    """Say in a few words what sets each cluster persona apart, such as ``"65 and over, climate: Very worried"``.

    A label names the over-represented trait and the answer that differ most, of those that differ significantly. What
    is more common in this persona than in every other goes first, so that personas are told from one another and not
    only from the population. An answer is the option chosen more often (of a number, whether it is higher or lower),
    behind the longest of the words that few other questions have. No two personas have the same label.

    Args:
        personas: Those to label; a label that is there already stays.
        composition: Of these personas.
        distinguishing: The same, of answers given.
        apart: The answers.

    Returns:
        The label of every persona in these tables; empty where nothing differs, and for demographic groups, whose
        names say what they are.
    """
    labels = {persona.name: persona.label for persona in personas}
    over = _own_first(composition[composition["verdict"] == "over"], composition, ["trait", "value"])
    higher = distinguishing[
        (distinguishing["adjusted_p"] <= SIGNIFICANT) & (distinguishing["share"] > distinguishing["population_share"])
    ]
    answers = _own_first(higher, distinguishing, ["question", "option"])
    words = _Words(apart.survey)
    for persona in personas:
        if persona.label or persona.kind != "cluster":
            continue
        own = over[over["persona"] == persona.name].drop_duplicates("trait").head(TRAITS)
        told = answers[answers["persona"] == persona.name].head(ANSWERS)
        parts = (
            [words.trait(row, composition) for row in own.to_dict("records")],
            sorted((words.answer(row, apart) for row in told.to_dict("records")), key=_is_cut),
        )
        taken = {label.casefold() for label in labels.values()}
        labels[persona.name] = next((one for one in _candidates(*parts) if one.casefold() not in taken), "")
    return labels


def _own_first(rows: pd.DataFrame, everyone: pd.DataFrame, what: list[str]) -> pd.DataFrame:
    """Rows by how far a share exceeds the population's, those first that are highest in this of all personas."""
    most = everyone.assign(excess=everyone["share"] - everyone["population_share"]).groupby(what)["excess"].max()
    excess = rows["share"] - rows["population_share"]
    own = excess >= most.reindex(pd.MultiIndex.from_frame(rows[what])).to_numpy() - 1e-12
    return rows.iloc[np.lexsort((-excess, ~own))]


def _candidates(traits: Sequence[str], answers: Sequence[str]) -> Iterator[str]:
    """Labels of two parts, the foremost first; of one where there is no second."""
    if traits and answers:
        pairs = list(product(traits, answers))
        rank = {pair: traits.index(pair[0]) + answers.index(pair[1]) for pair in pairs}
        yield from (", ".join(pair) for pair in sorted(pairs, key=lambda pair: rank[pair]))
    else:
        several = list(traits or answers)
        yield from (", ".join(pair) for pair in combinations(several, 2))
        yield from several


class _Words:
    """The words by which a survey's traits and questions are told apart; English ones that only bind are left out."""

    def __init__(self, survey: Survey) -> None:
        self._common = max(COMMON * len(survey.questions), 1)
        self._questions = Counter(
            word
            for question in survey.questions
            for word in {word.casefold() for word in LETTERS.findall(question.text)}
        )

    def trait(self, row: Row, composition: pd.DataFrame) -> str:
        """A trait's value, behind what the trait is called where the value alone says too little."""
        value, alike = _short(row["value"], VALUE), composition[composition["value"] == row["value"]]
        letters = sum(map(len, LETTERS.findall(value)))
        return value if letters >= TELLING and alike["trait"].nunique() == 1 else f"{_short(row['label'], 2)} {value}"

    def answer(self, row: Row, apart: AnswersApart) -> str:
        """An answer chosen more often than by the population, behind what the question is about."""
        question = apart.question(row)
        if question.stem is not None:
            return f"selects {_short(question.item, VALUE)}"
        if question.scale is not None:
            mean, usual = (float(part @ question.scale.numbers) for part in apart.of_both(row))
            return f"{self._about(question, '')}: {'higher' if mean > usual else 'lower'}"
        return f"{self._about(question, row['option'])}: {_short(row['option'], OPTION)}"

    def _about(self, question: Question, option: str) -> str:
        """The longest words of a question that some others have, but few; two, or one before a longer option.

        None is from brackets, and none an adverb, which says how and not what.
        """
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        said = {word.casefold() for word in LETTERS.findall(option)} | ENGLISH_STOP_WORDS
        text = re.sub(r"\(.*?\)|\[.*?\]", " ", question.text)
        found = {word.casefold(): word for word in LETTERS.findall(text) if not _binds(word, said)}
        best = sorted(found, key=lambda word: (not 1 < self._questions[word] <= self._common, -len(word)))
        kept = best[: 2 if len(option.split()) <= 1 else 1]
        return _short(" ".join(found[word] for word in found if word in kept), 2) or question.id


def _binds(word: str, said: Collection[str]) -> bool:
    """Whether a word says little about what a question is about: it binds, was said, is short or an adverb."""
    return word.casefold() in said or len(word) < 3 or word.casefold().endswith("ly")


def _is_cut(text: str) -> bool:
    return text.endswith("…")


def _short(text: object, words: int) -> str:
    """The first words of a text, long ones cut."""
    every = str(text).split()
    kept = " ".join(word if len(word) <= WORD else f"{word[:WORD]}…" for word in every[:words])
    return kept if len(every) <= words else f"{kept.rstrip(',;:.')} …"
