"""Groups that reflect response styles, forms or waves are recognised as such; groups of opinion are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.persona.clustering.choose_k import choose_k
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.method_effects import STYLES, effects_in_words, method_effects, response_styles
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate
from personaspace.survey.survey import Survey
from tests.persona.planted import AGREE, forms, styled, unstructured

MEASURED = "Of what separates the personas, "


def measured(notes: tuple[str, ...]) -> str:
    (note,) = (note for note in notes if note.startswith(MEASURED))
    return note


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("style", STYLES)
def test_personas_that_are_a_response_style_are_named(style: str, seed: int) -> None:
    survey, shows = styled(style, seed)
    embedder = LightGCN().fit(survey)
    personas = cluster_personas(embedder, survey, k=3)
    note = measured(personas.notes)
    assert f"% with {STYLES[style]}) and " in note
    assert "So they are mainly ways of filling in the questionnaire" in note
    assert "reproduce who was asked what" not in note
    assert ("it may also be an opinion" in note) == (style == "same end")
    effects = method_effects(embedder.respondents_, shows.astype(np.int64), survey)
    assert effects[style] > 0.8


@pytest.mark.parametrize("seed", [0, 2, 3, 4])
def test_personas_that_are_forms_are_named(seed: int) -> None:
    survey, form = forms(seed, respondents=900, questions=90)
    embedder = LightGCN().fit(survey)
    note = measured(cluster_personas(embedder, survey, k=3).notes)
    assert "So they mainly reproduce who was asked what (a form, a wave or a filter) and not opinions" in note
    assert "filling in" not in note
    assert method_effects(embedder.respondents_, form, survey)["participation"] > 0.9


@pytest.mark.parametrize("seed", range(3))
def test_personas_that_are_opinions_are_not_called_a_method_effect(seed: int) -> None:
    survey = simulate(respondents=300, seed=seed)
    embedder = LightGCN().fit(survey)
    note = measured(cluster_personas(embedder, survey, k=6).notes)
    assert "mainly" not in note
    chosen = choose_k(embedder, survey, ks=[6, 7])
    assert MEASURED in chosen.words
    effects = method_effects(embedder.respondents_, np.arange(300) % 7, survey)
    assert max(effects.values()) < 0.15


def test_the_words_of_choose_k_name_a_style() -> None:
    survey, _ = styled("middle", 0)
    words = choose_k(LightGCN().fit(survey), survey, ks=[2, 3]).words
    assert f"with {STYLES['middle']})" in words
    assert "mainly ways of filling in the questionnaire" in words


def test_groups_at_random_have_no_method_effects_whatever_the_weights() -> None:
    """Adjusted for the number of predictors: ten components explain a tenth of 100 people's places by chance."""
    rng = np.random.default_rng(0)
    survey = replace(unstructured(100, 60, 0.5, 0), weights=rng.lognormal(0, 0.5, 100))
    points = rng.normal(size=(100, 8)).astype(np.float32)
    found = [method_effects(points, rng.integers(3, size=100), survey)["participation"] for _ in range(40)]
    assert np.mean(found) < 0.1
    assert method_effects(points, np.zeros(100, np.int64), survey) == {}
    few = survey.select(np.arange(15))
    assert method_effects(points[:15], np.arange(15) % 2, few) == {}


def test_of_two_discrete_groups_the_share_is_eta_squared() -> None:
    rng = np.random.default_rng(1)
    survey = replace(unstructured(400, 20, 1.0, 1), weights=rng.uniform(0.5, 1.5, 400))
    index, weight = response_styles(survey)["ends"].index, survey.weight
    group = (index + rng.normal(0, 0.1, 400) > 0).astype(np.int64)
    shares = np.bincount(group, weight) / weight.sum()
    means = np.bincount(group, weight * index) / np.bincount(group, weight)
    middle = np.average(index, weights=weight)
    eta = (shares * (means - middle) ** 2).sum() / np.average((index - middle) ** 2, weights=weight)
    effects = method_effects(group[:, None].astype(np.float32), group, survey)
    assert effects["ends"] == pytest.approx(eta, abs=0.01)
    assert eta > 0.2


def test_styles_by_hand() -> None:
    warmth = Question.number("warm", "How warm?", 0, 100, points=5)
    yes_no = Question("yes", "Yes or no?", (Option("Yes", 1.0), Option("No", 0.0)))
    colour = Question("colour", "Which colour?", (Option("Red"), Option("Green")))
    unsure = Question("sure", "Agree?", (*AGREE, Option("Not sure")))
    row, column, option = np.array([[0, 0, 2], [0, 1, 0], [0, 2, 0], [1, 0, 4], [1, 2, 1], [1, 3, 5], [2, 3, 0]]).T
    value = np.where(column == 0, np.where(row == 0, 50.0, 99.0), np.nan)
    survey = Survey(
        ("ann", "bob", "cy"),
        (warmth, yes_no, colour, unsure),
        Answers(row, column, option, value),
        weights=np.array([1.0, 1.0, 2.0]),
        refusals=Pairs(np.array([2]), np.array([1])),
    )
    styles = response_styles(survey)
    assert list(styles) == ["middle", "ends", "off the scale"]
    middle, ends, off = styles.values()
    assert middle.answers.tolist() == [1, 1, 0]  # cy's end of "sure" shows no middle, which nobody chose there
    assert middle.index.tolist() == [0.5, -0.5, 0]
    assert ends.answers.tolist() == [1, 1, 1]
    assert ends.index.tolist() == [-0.5, 0.5, 0]
    assert off.answers.tolist() == [1, 1, 2]
    np.testing.assert_allclose(off.expected, [2 / 3, 1 / 3, 1])
    np.testing.assert_allclose(off.index, [-2 / 3, 2 / 3, 0])


def test_what_people_were_asked_does_not_count_as_their_style() -> None:
    """Half the questions have a middle that everybody chooses, the other half one that nobody does."""
    column = np.tile(np.arange(20), 40)
    row = np.repeat(np.arange(40), 20)
    asked = row % 2 == column // 10
    option = np.where(column < 10, 2, np.where((row + column) % 3 == 0, 2, 0))
    questions = tuple(Question(f"q{j}", f"Statement {j}", AGREE) for j in range(20))
    survey = Survey(tuple(f"r{i}" for i in range(40)), questions, Answers(row[asked], column[asked], option[asked]))
    index = response_styles(survey)["middle"].index
    assert abs(index[0::2].mean()) < 1e-9
    assert abs(index[1::2].mean()) < 1e-9


def test_polis_passes_are_a_style() -> None:
    votes = (Option("Agree", 1.0), Option("Pass", 0.5), Option("Disagree", 0.0))
    rng = np.random.default_rng(0)
    option = np.where(np.arange(60)[:, None] < 20, 1, 2 * rng.integers(2, size=(60, 30)))
    row, column = np.indices(option.shape)
    questions = tuple(Question(str(j), f"Statement {j}", votes) for j in range(30))
    survey = Survey(tuple(map(str, range(60))), questions, Answers(row.ravel(), column.ravel(), option.ravel()))
    index = response_styles(survey)["middle"].index
    assert index[:20].min() > 0.6 > 0 > index[20:].max()


def test_without_effects_nothing_is_said() -> None:
    assert effects_in_words({}) == ""
    assert "(" not in effects_in_words({"middle": 0.0, "styles": 0.0, "participation": 0.0})
