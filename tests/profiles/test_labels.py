"""Labels name what sets a persona apart, no two alike; those that people gave stay; chance gets none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.persona.groups import demographic_personas
from personaspace.persona.labels import labelled
from personaspace.persona.personas import Persona, Personas
from personaspace.profiles.profile import profile
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate_with_truth
from personaspace.survey.survey import Survey
from tests.persona.planted import Planted, named

from .drawn import drawn

WORRIED = Question("w", "How worried are you about climate change?", (Option("Not", 0.0), Option("Very worried", 1.0)))
WARMTH = Question.number("warmth", "How do you feel about the police?", 0, 100)
STEM = "Which of these do you use?"
BOX = Question("tv", f"{STEM} Television", (Option("Not selected"), Option("Selected")), stem=STEM)


def halves(question: Question, first: int, second: int, traits: dict[str, list[str]]) -> tuple[Personas, Survey]:
    """Two hundred people of whom the first half gives one answer and the second another."""
    option = np.repeat([first, second], 100)
    survey = Survey(
        tuple(f"r{i}" for i in range(200)),
        (question,),
        Answers(np.arange(200), np.zeros(200, np.int64), option),
        pd.DataFrame({name: np.repeat(values, 100) for name, values in traits.items()}),
        trait_labels={name: name.title() for name in traits},
    )
    groups = (("cluster-1", survey.respondents[:100]), ("cluster-2", survey.respondents[100:]))
    return Personas(Persona(n, "cluster", np.zeros(1, np.float32), m, 0.5) for n, m in groups), survey


@pytest.mark.parametrize(
    ("question", "traits", "labels"),
    [
        (
            WORRIED,
            {"age": ["65 and over", "18 to 29"]},
            ["65 and over, climate: Very worried", "Age 18 to 29"],
        ),
        (WORRIED, {"income": ["Low", "High"]}, ["Income Low, climate: Very worried", "Income High"]),
        (WORRIED, {"a": ["Always", "Never"], "b": ["Never", "Always"]}, ["A Always, climate", "A Never, "]),
        (WORRIED, {}, ["climate: Very worried", "worried climate: Not"]),
        (BOX, {"town": ["village", "city centre"]}, ["village, selects Television", "city centre"]),
    ],
)
def test_a_label_is_a_trait_and_an_answer(question: Question, traits: dict[str, list[str]], labels: list[str]) -> None:
    found = list(profile(*halves(question, 1, 0, traits)).labels.values())
    assert [label[: len(begin)] for label, begin in zip(found, labels, strict=True)] == labels
    assert "elected:" not in " ".join(found)


def test_numbers_are_higher_or_lower() -> None:
    assert list(profile(*halves(WARMTH, 20, 3, {})).labels.values()) == ["feel police: higher", "feel police: lower"]


@pytest.mark.parametrize("seed", range(3))
def test_no_two_personas_have_one_label_and_it_is_short(seed: int) -> None:
    truth = simulate_with_truth(respondents=600, seed=seed)
    personas = Personas(
        replace(persona, kind="cluster", name=f"cluster-{at}")
        for at, persona in enumerate(named(truth.persona, truth.survey), start=1)
    )
    labels = profile(personas, truth.survey).labels
    assert all(labels.values())
    assert len({label.casefold() for label in labels.values()}) == len(personas)
    assert max(len(label.split()) for label in labels.values()) <= 9
    assert np.mean([len(label.split()) for label in labels.values()]) <= 6
    assert profile(personas, truth.survey).labels == labels


def test_two_personas_that_differ_in_the_same_way_are_still_told_apart() -> None:
    personas, survey = halves(WORRIED, 1, 0, {"age": ["old", "young"], "town": ["village", "city centre"]})
    first, rest = personas
    parts = [replace(first, members=first.members[:50]), replace(first, members=first.members[50:], name="cluster-3")]
    labels = profile(Personas([*parts, rest]), survey).labels
    assert len(set(labels.values())) == 3


def test_chance_makes_no_label() -> None:
    chances = np.tile([0.04, 0.26, 0.3, 0.4], (4, 1))
    labels = [label for seed in range(5) for label in profile(*drawn(chances, 400, seed)).labels.values()]
    assert sum(map(bool, labels)) <= 2


def test_a_label_that_is_there_stays_and_is_given_to_no_other() -> None:
    personas, survey = halves(WORRIED, 1, 0, {})
    given = labelled(personas, {"cluster-2": "Climate: very worried"}, given=True)
    described = profile(given, survey)
    assert described.labels == {"cluster-1": "", "cluster-2": "Climate: very worried"}
    assert described.card_texts["cluster-2"].startswith("cluster-2 (“Climate: very worried”) stands for 50%")
    assert described.card_texts["cluster-1"].startswith("cluster-1 stands for 50%")


def test_demographic_groups_say_themselves_who_they_are(planted: Planted) -> None:
    personas = demographic_personas(planted.embedder, planted.survey, "party")
    assert set(profile(personas, planted.survey).labels.values()) == {""}
