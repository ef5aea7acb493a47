"""Labels stand beside names, are kept in files, and are handed on where people gave them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from personaspace.errors import SettingError, UnknownNameError
from personaspace.persona.labels import checked_label, labelled
from personaspace.persona.matching import match_personas
from personaspace.persona.personas import Persona, Personas


def cluster(name: str, members: str) -> Persona:
    return Persona(name, "cluster", np.zeros(1, np.float32), tuple(members), 0.5)


TWO = Personas([cluster("cluster-1", "abc"), cluster("cluster-2", "def")])


def test_labels_come_back_from_a_folder_and_what_has_none_is_written_as_before(tmp_path: Path) -> None:
    both = labelled(labelled(TWO, {"cluster-1": "made"}), {"cluster-2": "given", "nobody": "x"}, given=True)
    both.save(tmp_path)
    back = Personas.load(tmp_path)
    assert [(p.label, p.label_given, p.title) for p in back] == [
        ("made", False, "cluster-1: made"),
        ("given", True, "cluster-2: given"),
    ]
    labelled(back, {"cluster-1": "", "cluster-2": None}, given=True).save(tmp_path)
    assert set(json.loads((tmp_path / "personas.json").read_text())["personas"][0]) == {
        "name",
        "kind",
        "share",
        "members",
    }
    assert [(p.label, p.label_given, p.title) for p in Personas.load(tmp_path)] == [
        ("", False, "cluster-1"),
        ("", False, "cluster-2"),
    ]


def test_matching_hands_on_labels_that_people_gave_and_no_others() -> None:
    old = labelled(labelled(TWO, {"cluster-1": "made"}), {"cluster-2": "given"}, given=True)
    new = Personas([cluster("cluster-1", "defg"), cluster("cluster-2", "ab"), cluster("cluster-3", "xyz")])
    match = match_personas(labelled(new, {"cluster-1": "new"}), old).personas
    assert [persona.title for persona in match] == ["cluster-2: given", "cluster-1", "cluster-3"]
    assert match["cluster-2"].label_given


def test_a_label_is_one_line_and_nobody_elses() -> None:
    both = labelled(TWO, {"cluster-1": "The worried"})
    assert checked_label(both, "cluster-2", "  The\n calm ") == "The calm"
    assert checked_label(both, "cluster-1", "the Worried") == "the Worried"
    assert checked_label(both, "cluster-1", " ") == ""
    with pytest.raises(SettingError, match="'the worried' is what 'cluster-1: The worried' is called"):
        checked_label(both, "cluster-2", "the worried")
    with pytest.raises(SettingError, match="'Cluster-1' is what 'cluster-1: The worried' is called"):
        checked_label(both, "cluster-2", "Cluster-1")
    with pytest.raises(SettingError, match="has 61 characters: give at most 60"):
        checked_label(both, "cluster-2", "x" * 61)
    with pytest.raises(UnknownNameError, match="did you mean 'cluster-1'"):
        checked_label(both, "clster-1", "x")
