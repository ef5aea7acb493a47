"""Prompts read by a base model: as scored elsewhere, each once, and cut where they are too long."""

from __future__ import annotations

from functools import partial
from unittest.mock import patch

import numpy as np
import pytest

from personaspace.errors import ModelError
from personaspace.evaluation.rows import prompts as module
from personaspace.evaluation.rows.prompted_rows import OwnAnswers, questions_alone
from personaspace.evaluation.rows.prompts import MakePrompts, Prompt, PromptReader
from personaspace.evaluation.sample import Sample
from personaspace.steer.forward.option_logits import base_probabilities
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import question_prompt
from personaspace.survey.split import Split
from personaspace.survey.survey import Survey
from tests.steer.conftest import QUESTION, tiny_model


@pytest.fixture(scope="module")
def test(parts: Split) -> Survey:
    return Sample(answers=60).of(parts.held_out_answers)


def test_a_question_alone_is_scored_as_the_base_model_scores_it(nano: LanguageModel, test: Survey) -> None:
    found = PromptReader(nano).predict("raw question", questions_alone, test).probabilities
    for row, j in enumerate(test.answers.question):
        question = test.questions[j]
        expected = base_probabilities(nano, [question_prompt(question)], [len(question.options)])[0].numpy()
        np.testing.assert_allclose(found[row, : len(question.options)], expected, atol=1e-5)


def test_equal_prompts_are_read_once(nano: LanguageModel, test: Survey) -> None:
    seen: list[tuple[int, int]] = []
    reader = PromptReader(nano, lambda *progress: seen.append(progress))
    reader.cost([(questions_alone, test)])
    reader.predict("raw question", questions_alone, test)
    distinct = len(np.unique(test.answers.question))
    assert seen == [(done, distinct) for done in range(1, distinct + 1)]
    reader.predict("the same, of another evaluation set", questions_alone, test)
    assert reader.done == distinct


def test_blocks_change_nothing(nano: LanguageModel, parts: Split, test: Survey) -> None:
    def make(survey: Survey) -> list[Prompt]:
        return OwnAnswers(parts.train).prompts(2, survey)

    whole = PromptReader(nano).predict("context", make, test).probabilities
    with patch.object(module, "BLOCK", 7):
        np.testing.assert_allclose(PromptReader(nano).predict("context", make, test).probabilities, whole, atol=1e-5)


def test_what_does_not_fit_is_left_out_from_the_farthest_on_and_said(parts: Split, test: Survey) -> None:
    model = tiny_model("gpt2")
    reader = PromptReader(model)
    reader.predict("context K=9, held-out answers", partial(OwnAnswers(parts.train).prompts, 9), test)
    (note,) = reader.notes
    assert note.startswith("context K=9, held-out answers: ")
    assert "longer than" in note
    prompt = Prompt(QUESTION, 3, ("far " * 200, "near"))
    (ids, dropped) = reader.fitted(prompt)
    assert dropped == 1
    assert ids.tolist() == [*model.prompt_ids(f"near\n\n{QUESTION}"), *model.option_tokens.cue]
    assert len(ids) <= model.context_length
    (ids, dropped) = reader.fitted(Prompt(QUESTION, 3, system="first line\n" + "word " * 300))
    assert ids.tolist() == [*model.prompt_ids(QUESTION, "first line"), *model.option_tokens.cue]


def test_a_question_that_does_not_fit_alone_is_named() -> None:
    with pytest.raises(ModelError, match=r"'Question: word word.* needs .* reads at most 256"):
        PromptReader(tiny_model("gpt2")).fitted(Prompt("Question: " + "word " * 400, 3))


def test_the_cost_is_an_upper_bound_said_before_anything_is_read(
    nano: LanguageModel, parts: Split, test: Survey
) -> None:
    reader = PromptReader(nano)
    rows: list[tuple[MakePrompts, Survey]] = [
        (questions_alone, test),
        (partial(OwnAnswers(parts.train).prompts, 3), test),
    ]
    said = reader.cost(rows)
    most = len(np.unique(test.answers.question)) + len(test.answers)
    assert said.startswith(f"nano reads at most {most} prompts of ")
    assert "tokens a second" in said
    for make, survey in rows:
        reader.predict("", make, survey)
    assert reader.done <= reader.announced == most
