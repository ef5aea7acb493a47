"""Numbers by name as a user writes them."""

from __future__ import annotations

import pytest

from personaspace.errors import SettingError
from personaspace.runs.written import numbers_by_name

EXAMPLE = "cluster-1=0.7,cluster-2=0.3"


@pytest.mark.parametrize("mixture", ["", "a", "a=", "=1", "a=1,a=2", "a=1,b", "a=1,=2"])
def test_what_cannot_be_read(mixture: str) -> None:
    with pytest.raises(SettingError, match=r"cannot read the mixture .* every name once, such as cluster-1=0.7"):
        numbers_by_name(mixture, "mixture", EXAMPLE)


def test_names_may_hold_commas_and_equals_signs() -> None:
    names = ["Yes", "Yes, a = 1, but not b", "x=y", "$30,000 or more"]
    text = "Yes, a = 1, but not b=40,x=y=2, Yes=57,$30,000 or more=1"
    assert numbers_by_name(text, "topline", EXAMPLE, names) == {names[1]: 40, "x=y": 2, "Yes": 57, names[3]: 1}
    assert numbers_by_name("Y, a=1,b=2", "topline", EXAMPLE) == {"Y, a": 1, "b": 2}


def test_a_name_that_is_not_known_is_read_too_so_that_it_can_be_named() -> None:
    assert numbers_by_name("Yes=40,Now=60", "topline", EXAMPLE, ["Yes", "No"]) == {"Yes": 40, "Now": 60}
    with pytest.raises(SettingError, match="at 'Yes=2'"):
        numbers_by_name("Yes=1,Yes=2", "topline", EXAMPLE, ["Yes"])
