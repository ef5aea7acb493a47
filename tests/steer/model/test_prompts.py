"""Questions as prompts, in the orders and with the labels of their phrasings."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.errors import SettingError
from personaspace.steer.model.prompts import labels_for, phrasings, question_prompt
from personaspace.survey.question import Option, Question

SCALE = Question("s", "How often?", (Option("Never", 0.0), Option("Now and then", 0.5), Option("Always", 1.0),
                                     Option("Not sure")))  # fmt: skip


def test_every_option_stands_at_every_place_once_all_orders_are_used() -> None:
    question = Question("q", "Which?", tuple(Option(text) for text in "WXYZ"))
    orders = [phrasing.order for phrasing in phrasings(question, orders=100)]
    assert orders[:2] == [(0, 1, 2, 3), (3, 2, 1, 0)]
    assert len(orders) == len(set(orders)) == 8
    places = np.array(orders)
    assert all(np.bincount(places[:, place], minlength=4).tolist() == [2, 2, 2, 2] for place in range(4))


def test_a_scale_is_only_turned_round_and_not_sure_stays_last() -> None:
    assert [phrasing.order for phrasing in phrasings(SCALE, orders=9)] == [(0, 1, 2, 3), (2, 1, 0, 3)]


def test_the_first_phrasing_is_the_one_trained_on() -> None:
    assert phrasings(SCALE)[0].text(SCALE) == question_prompt(SCALE)
    first, _, letters = phrasings(SCALE, orders=2, alphabets=["ABC", "123"])[:3]
    assert first.text(SCALE) == question_prompt(SCALE)
    assert letters.text(SCALE).splitlines()[1:] == ["1. Never", "2. Now and then", "3. Always", "4. Not sure"]


def test_a_question_on_a_scale_is_asked_by_the_points_of_its_grid() -> None:
    lines = question_prompt(Question.number("warm", "How warm, 0 to 100?", 0, 100)).splitlines()
    assert lines[0] == "Question: How warm, 0 to 100?"
    assert (lines[1], lines[2], lines[-1]) == ("A. 0", "B. 5", "U. 100")


def test_more_options_than_labels() -> None:
    with pytest.raises(SettingError, match=r"677 option.s. given: a question takes 2 to 676 with the labels AA to ZZ"):
        labels_for(677)
    with pytest.raises(SettingError, match="takes 2 to 4 with the labels a to d"):
        labels_for(5, "abcd")
