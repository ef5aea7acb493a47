"""What the base model reads about a respondent, and what it never reads."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.errors import SettingError
from personaspace.evaluation.evaluation_sets import evaluation_sets
from personaspace.evaluation.rows.choice import chosen_rows
from personaspace.evaluation.rows.prompted_rows import OwnAnswers, demographics, prompted_rows, questions_alone
from personaspace.evaluation.rows.prompts import Prompt
from personaspace.evaluation.rows.similar_question import question_similarity
from personaspace.evaluation.sample import Sample
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.personas import Personas
from personaspace.profiles.system_prompt import system_prompt
from personaspace.steer.model.prompts import question_prompt
from personaspace.survey.split import Split
from personaspace.survey.survey import Survey


@pytest.fixture(scope="module")
def clusters(parts: Split, embedder: Factorization) -> Personas:
    return cluster_personas(embedder, parts.train, k=3, seed=0)


def as_told(survey: Survey, question_id: str, option: int) -> str:
    return f"{question_prompt(survey.question(question_id))}Answer: {'ABCDEFG'[option]}"


def own_answers(survey: Survey, respondent: str) -> dict[str, int]:
    answers = survey.answers.where(survey.answers.respondent == survey.respondent_index[respondent])
    return {survey.questions[j].id: o for j, o in zip(answers.question.tolist(), answers.option.tolist(), strict=True)}


@pytest.mark.parametrize("at", ["held_out_answers", "held_out_questions"])
def test_context_tells_the_k_most_similar_answers_of_this_respondent(parts: Split, at: str) -> None:
    test, k = Sample(answers=150).of(getattr(parts, at)), 4
    similarity = question_similarity(parts.train, test)
    for prompt, i, j in zip(
        OwnAnswers(parts.train).prompts(k, test), test.answers.respondent, test.answers.question, strict=True
    ):
        own = own_answers(parts.train, test.respondents[i])
        like = {name: similarity[j, parts.train.question_index[name]] for name in own}
        expected = sorted(own, key=lambda name: -like[name])[:k]
        assert set(prompt.before) == {as_told(parts.train, name, own[name]) for name in expected}
        assert prompt.before[-1] == as_told(parts.train, expected[0], own[expected[0]])
        assert prompt.question == question_prompt(test.questions[j])


def test_the_asked_question_s_own_answer_is_never_told(parts: Split) -> None:
    """Asked about answers that are themselves among those known, which no split does."""
    test = Sample(answers=200).of(parts.train)
    for k in (3, 100):
        for prompt, j in zip(OwnAnswers(parts.train).prompts(k, test), test.answers.question, strict=True):
            assert not any(told.startswith(question_prompt(test.questions[j])) for told in prompt.before)


def test_unseen_respondents_have_their_known_answers_only(parts: Split, embedder: Factorization) -> None:
    known = parts.known(2)
    test = Sample(answers=100).of(parts.unseen_held_out)
    for prompt, i in zip(OwnAnswers(known).prompts(10, test), test.answers.respondent, strict=True):
        own = own_answers(known, test.respondents[i])
        assert len(own) <= 2
        assert set(prompt.before) == {as_told(known, name, option) for name, option in own.items()}
    nothing = parts.known(0)
    with pytest.raises(SettingError, match="no answers of the respondents are known"):
        OwnAnswers(nothing).prompts(5, test)
    rows = chosen_rows("system-prompt", parts.train)
    made = dict(prompted_rows(rows, parts.train, nothing, embedder.embed(nothing), embedder, None))
    with pytest.raises(SettingError, match="no answers of the respondents are known"):
        made["system prompt: individual"](test)


def test_what_was_put_into_words_once_is_the_same_the_next_time(
    parts: Split, embedder: Factorization, clusters: Personas, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A few prompts are made for their cost before all are: nothing is written or compared again for them."""
    rows = chosen_rows("context K=2,context K=3,system-prompt", parts.train)
    test = Sample(answers=30).of(parts.held_out_answers)
    few, all_of = test.with_answers(np.arange(30) < 20), dict[str, list[Prompt]]()
    made = dict(prompted_rows(rows, parts.train, parts.train, embedder.respondents_, embedder, clusters))
    for name, make in made.items():
        all_of[name] = make(test)

    def fail(*_: object, **__: object) -> None:
        raise AssertionError

    for name in ("system_prompt", "question_similarity"):
        monkeypatch.setattr(f"personaspace.evaluation.rows.prompted_rows.{name}", fail)
    for name, make in made.items():
        assert make(few) == all_of[name][:20]


def test_refusals_are_no_answers(parts: Split) -> None:
    refusing = parts.train.refusals.respondent
    test = parts.held_out_answers
    test = test.with_answers(np.isin(test.answers.respondent, refusing))
    refused = {
        (parts.train.respondents[i], parts.train.questions[j].id)
        for i, j in zip(refusing.tolist(), parts.train.refusals.question.tolist(), strict=True)
    }
    assert refused
    for prompt, i in zip(OwnAnswers(parts.train).prompts(100, test), test.answers.respondent, strict=True):
        assert len(prompt.before) == len(own_answers(parts.train, test.respondents[i]))
        for respondent, name in refused:
            if respondent == test.respondents[i]:
                asked = question_prompt(parts.train.question(name))
                assert not any(told.startswith(asked) for told in prompt.before)


def test_demographics_tell_every_trait_that_is_known(parts: Split) -> None:
    test = Sample(answers=50).of(parts.held_out_answers)
    traits = test.traits.astype(object)
    first = traits.columns[0]
    traits.loc[test.respondents[test.answers.respondent[0]], first] = None
    traits.loc[test.respondents[test.answers.respondent[-1]], first] = "over\nthe  line"
    test = replace(test, traits=traits)
    prompts = demographics(test)
    for prompt, i in zip(prompts, test.answers.respondent, strict=True):
        _, *lines = prompt.before[0].splitlines()
        known = traits.iloc[i].dropna()
        assert lines == [f"{trait}: {' '.join(str(value).split())}" for trait, value in known.items()]
    assert len(prompts[0].before[0].splitlines()) == len(traits.columns)
    bare = replace(test, traits=pd.DataFrame(index=list(test.respondents)))
    assert demographics(bare) == questions_alone(bare)


def test_a_system_prompt_is_the_persona_s_for_this_question(
    parts: Split, embedder: Factorization, clusters: Personas
) -> None:
    rows = chosen_rows("system-prompt", parts.train)
    for at in evaluation_sets(embedder, parts, (5,)):
        test = Sample(answers=12).of(at.test)
        made = dict(prompted_rows(rows, parts.train, at.known, at.vectors, embedder, clusters))
        assert list(made) == ["system prompt: cluster k=3", "system prompt: individual"]
        nearest = clusters.of(embedder, at.vectors)
        for prompt, i, j in zip(made["system prompt: cluster k=3"](test), *indices(test), strict=True):
            persona = clusters[nearest[i]]
            assert prompt.system == system_prompt(persona, parts.train, test.questions[j], embedder=embedder)
            assert (prompt.before, prompt.question) == ((), question_prompt(test.questions[j]))
        for prompt, i in zip(made["system prompt: individual"](test), test.answers.respondent, strict=True):
            told = [line for line in prompt.system.splitlines() if "you answered" in line]
            texts = {
                o.text for name in own_answers(at.known, test.respondents[i]) for o in at.known.question(name).options
            }
            assert 1 <= len(told) <= 8
            assert all(line.split("“")[-1].partition("”")[0] in texts for line in told)


def indices(test: Survey) -> tuple[list[int], list[int]]:
    return test.answers.respondent.tolist(), test.answers.question.tolist()
