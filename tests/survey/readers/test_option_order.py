"""Options get positions by their codes or by words of scales; names get none."""

from __future__ import annotations

import pytest

from personaspace.survey.readers.option_order import option_positions, points

SCALES = """
Strongly agree | Agree | Neither agree nor disagree | Disagree | Strongly disagree
Very likely | Somewhat likely | Somewhat unlikely | Not likely at all
Extremely dangerous | Very dangerous | Somewhat dangerous | Not very dangerous | Not dangerous at all
Very important | Important | Not important | Not important at all
Excellent | Very good | Good | Only fair | Poor
Much too high | Too high | About right | Too low | Much too low
A great deal | A fair amount | Not too much | None at all
Definitely should be | Probably should be | Probably should not be | Definitely should not be
Major reason | Minor reason | Not a reason
Yes, definitely | Yes, probably | No, probably not | No, definitely not
Several times a day | Once a day | A few times a week | Once a month | Less than once a year | Never
Always | Often | Sometimes | Hardly ever | Never
All of them | Most of them | About half | Only a few of them | None of them
18-29 | 30-49 | 50-64 | 65+
Less than $10,000 | $10,000 to less than $20,000 | $150,000 or more
Less than high school | High school graduate | Some college | Bachelor's degree | Postgraduate
Lower class | Working class | Middle class | Upper class
Stimme voll und ganz zu | Stimme eher zu | Teils/teils | Stimme eher nicht zu | Stimme überhaupt nicht zu
Trifft voll zu | Trifft eher zu | Trifft eher nicht zu | Trifft gar nicht zu
Muy de acuerdo | De acuerdo | Ni de acuerdo ni en desacuerdo | En desacuerdo | Muy en desacuerdo
Tout à fait d'accord | Plutôt d'accord | Plutôt pas d'accord | Pas du tout d'accord
Molto | Abbastanza | Poco | Per niente
Sempre | Muitas vezes | Às vezes | Raramente | Nunca
"""
NAMES = """
Protestant | Catholic | Jewish | Muslim | No religion
Economy | Health care | Crime | Something else
Northeast | Midwest | South | West
Obama | Romney | Other
Married | Divorced | Separated | Widowed | Never been married
TV | Radio | Newspapers | The internet
White | Black | Hispanic | Asian | Mixed
"""


def split(text: str) -> list[list[str]]:
    return [line.split(" | ") for line in text.strip().splitlines()]


@pytest.mark.parametrize("labels", split(SCALES), ids=" ".join)
def test_scales_are_evenly_spaced_in_the_order_of_the_file(labels: list[str]) -> None:
    order = option_positions(labels)
    assert order.ordinal and order.sure
    assert order.positions == pytest.approx([at / (len(labels) - 1) for at in range(len(labels))])


@pytest.mark.parametrize("labels", split(NAMES), ids=" ".join)
def test_names_have_no_positions(labels: list[str]) -> None:
    order = option_positions(labels)
    assert (order.ordinal, set(order.positions)) == (False, {None})


@pytest.mark.parametrize(
    ("labels", "positions"),
    [
        ("Better | Worse | About the same", [0, 1, 0.5]),
        ("Very good | Good | Bad | Very bad | Neither good nor bad", [0, 0.25, 0.75, 1, 0.5]),
        ("Men are better | Women are better | No difference", [0, 1, 0.5]),
        ("Yes | No | Not sure", [0, 1, None]),
        ("Approve | Disapprove | It depends | No opinion", [0, 1, None, None]),
        ("Often | Sometimes | Never | Other (please specify)", [0, 0.5, 1, None]),
        ("Very well | Somewhat well | Not at all well | Haven't heard of it", [0, 0.5, 1, None]),
        ("Sehr gut | Gut | Schlecht | Kommt darauf an", [0, 0.5, 1, None]),
    ],
)
def test_a_middle_has_its_place_and_what_is_off_the_scale_has_none(labels: str, positions: list[float | None]) -> None:
    assert list(option_positions(labels.split(" | ")).positions) == positions


def test_options_in_no_order_are_ordered_by_their_words_but_codes_are_trusted() -> None:
    labels = ["Agree", "Disagree", "Neither", "Strongly agree", "Strongly disagree"]
    assert option_positions(labels).positions == (0.75, 0.25, 0.5, 1.0, 0.0)
    coded = option_positions(["A lot", "None", "Some"], ["1", "2", "3"])
    assert (coded.positions, coded.sure) == ((0.0, 0.5, 1.0), False)


def test_positions_follow_codes_where_only_some_are_labelled() -> None:
    ends = option_positions(["Not at all", "2", "6", "Completely", "Not sure"], ["1", "2", "6", "7", "8"])
    assert ends.positions == pytest.approx([0, 1 / 6, 5 / 6, 1, None])
    assert option_positions(["Disagree", "-", "-", "Agree"], ["1", "2", "3", "4"]).positions[1] == pytest.approx(1 / 3)
    assert option_positions(["1 - rich", "4", "7 - poor"]).positions == (0.0, 0.5, 1.0)


def test_points_between_labelled_codes_exist_even_if_nobody_chose_them() -> None:
    assert list(points({"1": "Not at all", "7": "Completely"}, ["1", "2", "6"])) == list("1234567")
    assert points({"1": "Disagree", "2": "-", "3": "", "4": "Agree"}, []) == {
        "1": "Disagree",
        "2": "2",
        "3": "3",
        "4": "Agree",
    }
    assert list(points({"0": "Left", "2": "Right", "9": "Other"}, ["1"])) == ["0", "1", "2", "9"]


@pytest.mark.parametrize("found", [["1", "5"], ["1", "1.5", "5"], ["-99", "999"]])
def test_codes_outside_and_fractions_are_no_points(found: list[str]) -> None:
    assert points({"1": "Yes", "5": "No"}, found) == {"1": "Yes", "5": "No"}


def test_a_scale_to_a_hundred_is_left_to_be_a_number() -> None:
    assert points({"0": "Cold", "100": "Warm"}, ["50"]) == {"0": "Cold", "100": "Warm"}
