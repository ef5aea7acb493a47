from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personaspace.errors import SettingError
from personaspace.survey.simulate import simulate
from personaspace.survey.survey import Survey
from personaspace.survey.validation import training_and_validation_answers, validation_mask

fractions = st.floats(0, 0.99)


def chosen(survey: Survey) -> set[tuple[str, str]]:
    """The ids of respondent and question of every validation answer."""
    answers = survey.answers.where(validation_mask(survey))
    return {
        (survey.respondents[i], survey.questions[j].id)
        for i, j in zip(answers.respondent, answers.question, strict=True)
    }


def test_the_choice_depends_on_ids_alone() -> None:
    survey = simulate(respondents=80)
    rng = np.random.default_rng(0)
    assert chosen(survey.select(rng.permutation(80), rng.permutation(60))) == chosen(survey)
    assert chosen(survey.select(respondents=range(40))) < chosen(survey)


def test_the_choice_is_the_same_in_every_version() -> None:
    mask = np.packbits(validation_mask(simulate(respondents=200, seed=0)))
    assert hashlib.sha256(mask.tobytes()).hexdigest()[:16] == "dd38525e1870c584"


@settings(max_examples=30, deadline=None)
@given(fraction=fractions, respondents=st.integers(1, 30))
def test_everyone_keeps_an_answer_to_train_on(fraction: float, respondents: int) -> None:
    survey = simulate(respondents=respondents)
    sparse = survey.with_answers(survey.answers.question < 3)
    left = sparse.answers.respondent[~validation_mask(sparse, fraction)]
    assert set(left) == set(sparse.answers.respondent)


def test_the_share_asked_for_is_chosen_across_respondents_and_questions() -> None:
    survey = simulate(respondents=1000)
    mask = validation_mask(survey)
    assert mask.mean() == pytest.approx(0.05, abs=0.005)
    for axis, limit in ((survey.answers.question, 0.15), (survey.answers.respondent, 0.3)):
        assert (np.bincount(axis, mask) / np.bincount(axis)).max() < limit
    assert not validation_mask(survey, 0).any()
    with pytest.raises(SettingError, match="fraction is 1"):
        validation_mask(survey, 1)


def test_training_and_validation_answers_are_all_answers_once() -> None:
    survey = simulate(respondents=60)
    shuffled = survey.with_answers(np.random.default_rng(0).permutation(len(survey.answers)))
    training, validation = training_and_validation_answers(shuffled)
    assert len(validation) == validation_mask(survey).sum() > 0
    assert len(training) + len(validation) == len(survey.answers)
    assert (np.diff(training.respondent * len(survey.questions) + training.question) > 0).all()
    cells = [{*zip(part.respondent, part.question, strict=True)} for part in (training, validation)]
    assert not cells[0] & cells[1]


def test_training_answers_stand_for_validation_answers_where_there_are_none() -> None:
    survey = simulate(respondents=60)
    first = np.unique(survey.answers.respondent, return_index=True)[1]
    training, validation = training_and_validation_answers(survey.with_answers(first))
    assert len(training) == 60
    assert validation.equals(training)
