"""Personas answer first and then say it: what is drawn follows their answers, and what is said was drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
import torch
from scipy.stats import chisquare

from personaspace.errors import ModelError, PersonaSpaceError, SettingError, SurveyError
from personaspace.steer.generation import speaker
from personaspace.steer.generation.sampling import Sampling
from personaspace.steer.generation.speaker import Answer, sentences
from personaspace.steer.generation.texts import Written
from personaspace.steer.generation.wording import Chosen, Prompts
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.sources import smollm2_file
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from tests.steer.conftest import Points, opposed_survey
from tests.steer.generation.tiny_chat import SHORT_ENDS, tiny_chat

PARKS = "More parks?"
OPTIONS = ["Yes", "No", "Perhaps"]
SHORT: dict[str, Any] = {"max_new_tokens": 12, "stop": SHORT_ENDS, "temperature": 1.2}
FAST: dict[str, Any] = {"max_new_tokens": 1, "temperature": 0}


@pytest.fixture(scope="module")
def lm() -> Iterator[SteeredLM]:
    """Trained on option letters alone: the base model says the answers."""
    survey, space = opposed_survey(40, 4)
    with pytest.MonkeyPatch.context() as patched:
        settings = TrainSettings(epochs=2, words=0)
        yield SteeredLM(tiny_chat(patched), settings=settings).fit(survey, space)


def test_every_persona_has_an_answer_and_a_text(lm: SteeredLM) -> None:
    one = lm.answer_in_words(PARKS, OPTIONS, Points(4), **SHORT)
    assert (one.index.name, list(one.index), list(one)) == ("persona", list(Points(4).names), ["answer", "text"])
    several = lm.answer_in_words(PARKS, OPTIONS, Points(4), samples=3, **SHORT)
    assert (several.index.names, len(several)) == (["persona", "sample"], 12)
    assert set(several["answer"]) <= set(OPTIONS)
    pd.testing.assert_frame_equal(several[several.index.get_level_values("sample") == 0].droplevel("sample"), one)


def test_an_answer_hangs_on_nothing_else_that_is_asked(lm: SteeredLM) -> None:
    points, last = Points(4), Points(4)
    last.names, last.vectors = points.names[3:], points.vectors[3:]
    everything = lm.answer_in_words(PARKS, OPTIONS, points, samples=5, **SHORT)
    lm.answer_in_words("More trees?", OPTIONS, points, **SHORT)
    assert lm.answer_in_words(PARKS, OPTIONS, points, samples=5, **SHORT).equals(everything)
    assert lm.answer_in_words(PARKS, OPTIONS, points, samples=5, batch=3, **SHORT).equals(everything)
    alone = lm.answer_in_words(PARKS, OPTIONS, last, samples=2, **SHORT)
    assert alone.equals(everything.loc[[("r3", 0), ("r3", 1)]])
    other = lm.answer_in_words(PARKS, OPTIONS, points, samples=5, seed=1, **SHORT)
    assert not other["answer"].equals(everything["answer"])
    assert not other["text"].equals(everything["text"])


def test_sentences_are_of_each_answer_s_own(lm: SteeredLM) -> None:
    """Personas and samples with the same answer do not share a sentence."""
    table = lm.answer_in_words(PARKS, OPTIONS, Points(4), samples=5, max_new_tokens=12, temperature=1.5)
    assert table["answer"].nunique() < table["text"].nunique() == len(table)


def test_answers_are_drawn_by_their_probabilities(lm: SteeredLM) -> None:
    asked, points = ("Is statement number 1 right?", OPTIONS), Points(4)
    shares = lm.ask(*asked, points)
    drawn = lm.answer_in_words(*asked, points, samples=400, **FAST)["answer"]
    assert (shares.max() - shares.min()).max() > 0.1, "personas that answer alike would show nothing"
    for name in points.names:
        counts, expected = drawn[name].value_counts().reindex(OPTIONS, fill_value=0), shares.loc[name].astype(float)
        assert chisquare(counts, 400 * expected / expected.sum()).pvalue > 1e-3
    base = lm.answer_in_words(*asked, points, samples=400, strength=0, **FAST)["answer"]
    assert not base.equals(drawn)


def test_what_is_said_is_what_was_drawn(lm: SteeredLM) -> None:
    """The likeliest sentence depends on the option told and on nothing of the persona."""
    greedy: dict[str, Any] = {"max_new_tokens": 8, "temperature": 0}
    table = lm.answer_in_words(PARKS, OPTIONS, Points(4), samples=10, **greedy)
    expected = {}
    for option in OPTIONS:
        answer = Answer("anybody", 0, Chosen(PARKS, option))
        expected[option] = sentences(Prompts(lm.model), [answer], Sampling(**greedy))[answer]
    assert len(set(expected.values())) == 3
    assert set(table["answer"]) == set(OPTIONS)
    assert list(table["text"]) == [expected[option] for option in table["answer"]]


@pytest.mark.parametrize(("ends_at", "temperature", "text", "times"), [(3, 1, "3", 3), (9, 1, "4", 4), (9, 0, "1", 1)])
def test_a_sentence_without_an_end_is_written_again_and_at_last_cut(
    lm: SteeredLM, monkeypatch: pytest.MonkeyPatch, ends_at: int, temperature: float, text: str, times: int
) -> None:
    draws: list[int] = []

    def said(_: Prompts, asked: list[Chosen], __: Sampling, given: list[torch.Generator]) -> list[Written]:
        draws.extend(draw.initial_seed() for draw in given)
        return [Written(str(len(draws)), cut=len(draws) < ends_at) for _ in asked]

    monkeypatch.setattr(speaker, "say", said)
    table = lm.answer_in_words(PARKS, OPTIONS, Points(1), temperature=temperature)
    assert (table["text"].item(), len(draws), len(set(draws))) == (text, times, times)


def test_a_sentence_ends_with_its_line(lm: SteeredLM, monkeypatch: pytest.MonkeyPatch) -> None:
    stops = []

    def said(_: Prompts, asked: list[Chosen], sampling: Sampling, __: list[torch.Generator]) -> list[Written]:
        stops.append(sampling.stops)
        return [Written("x", cut=False) for _ in asked]

    monkeypatch.setattr(speaker, "say", said)
    lm.answer_in_words(PARKS, OPTIONS, Points(1), stop="...")
    assert stops == [("\n", "...")]


def test_a_model_without_a_chat_template_says_what_to_do(steered: SteeredLM) -> None:
    with pytest.raises(
        ModelError, match=r"no chat template, .*: steer a model that has one, such as smollm2"
    ) as raised:
        steered.answer_in_words(PARKS, OPTIONS, Points(1))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"question": " "}, SettingError, "the question is empty"),
        ({"options": ["Yes", ""]}, SettingError, "option 2 of the question is empty"),
        ({"options": ["Yes"]}, SurveyError, "option"),
        ({"options": ["Yes", "Yes"]}, SurveyError, "Yes"),
        ({"options": "Yes"}, SettingError, "give a list of strings"),
        ({"personas": Points(0)}, SettingError, "no personas given"),
        ({"personas": Points(1, dim=5)}, SurveyError, r"takes \[n, 8\]"),
        ({"samples": 0}, SettingError, "samples is 0"),
        ({"strength": float("nan")}, SettingError, "strength is nan"),
        ({"temperature": -1}, SettingError, "temperature is -1"),
        ({"question": "More parks? " * 100}, ModelError, "reads at most 256"),
        ({"max_new_tokens": 250}, ModelError, "the prompt that tells the option 'Yes' needs"),
    ],
)
def test_bad_input_says_what_is_wrong(
    lm: SteeredLM, changed: dict[str, Any], error: type[PersonaSpaceError], message: str
) -> None:
    given = {"question": PARKS, "options": OPTIONS, "personas": Points(1), **changed}
    with pytest.raises(error, match=message) as raised:
        lm.answer_in_words(given.pop("question"), given.pop("options"), given.pop("personas"), **given)
    assert "\n" not in str(raised.value)


def test_a_real_model_says_the_option_that_it_is_told() -> None:
    """Sentences are likelier after the option that they were to say than after the opposite one."""
    if smollm2_file() is None:
        pytest.skip("the wheel of smollm2 is not installed")
    model = LanguageModel.load("smollm2")
    prompts, asked, samples = Prompts(model), "How much do you trust scientists?", range(3)
    much, none = Chosen(asked, "A great deal"), Chosen(asked, "Not at all")
    answers = [Answer("somebody", sample, chosen) for chosen in (much, none) for sample in samples]
    written = sentences(prompts, answers, Sampling(max_new_tokens=32))
    for sample in samples:
        assert written[Answer("somebody", sample, much)] != written[Answer("somebody", sample, none)]

    @torch.no_grad()
    def log_likelihood(chosen: Chosen, text: str) -> float:
        prompt, said = prompts.ids(chosen), model.tokens(text, start=False)[0]
        logits = model.model(torch.cat([torch.tensor(prompt), said])[None]).logits[0, len(prompt) - 1 : -1]
        return float(logits.log_softmax(-1).gather(1, said[:, None]).sum())

    likelier = [
        log_likelihood(answer.chosen, text) > log_likelihood(none if answer.chosen == much else much, text)
        for answer, text in written.items()
    ]
    assert sum(likelier) >= 5
