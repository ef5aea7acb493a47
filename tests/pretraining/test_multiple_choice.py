"""The made questions are right, balanced, in the exact format, and the same for the same seed."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from pretraining.multiple_choice import (
    Question,
    answered_question,
    marked_question,
    question_prompt,
    scale_question,
    shuffled_question,
)
from pretraining.source import Source, seeded_random
from pretraining.tasks import TASKS, draw_question


def test_format_is_exact() -> None:
    question = Question("Tea or coffee?", ("Tea", "Coffee", "Neither"), 1)
    assert question_prompt(question) == "Question: Tea or coffee?\nA. Tea\nB. Coffee\nC. Neither\nAnswer:"
    assert answered_question(question) == question_prompt(question) + " B"
    assert marked_question(question) == (
        "Question: Tea or coffee?\nA. Tea - wrong\nB. Coffee - right\nC. Neither - wrong\nAnswer: B"
    )


@pytest.mark.parametrize("name", TASKS)
def test_every_task_gives_two_to_six_different_options(name: str, source: Source, rng: Random) -> None:
    task, _ = TASKS[name]
    for _ in range(50):
        question = task(source, rng)
        assert 2 <= len(question.options) <= 6
        assert len(set(question.options)) == len(question.options)
        assert 0 <= question.answer < len(question.options)
        assert "\n" not in question.text + "".join(question.options)


@pytest.mark.parametrize("name", ["repeated word", "repeated phrase", "said in passage", "word in passage"])
def test_the_right_option_and_no_other_is_in_the_question(name: str, source: Source, rng: Random) -> None:
    task, _ = TASKS[name]
    for _ in range(50):
        question = task(source, rng)
        found = [option in question.text for option in question.options]
        assert found[question.answer]
        assert name == "repeated phrase" or sum(found) == 1


def test_the_word_not_in_the_passage_is_missing_from_it(source: Source, rng: Random) -> None:
    task, _ = TASKS["word not in passage"]
    for _ in range(50):
        question = task(source, rng)
        missing = [option not in question.text for option in question.options]
        assert missing.index(True) == question.answer
        assert sum(missing) == 1


def test_the_removed_word_is_gone(source: Source, rng: Random) -> None:
    task, _ = TASKS["removed word"]
    for _ in range(50):
        question = task(source, rng)
        assert "___" in question.text
        assert question.options[question.answer] not in question.text


def test_the_next_sentence_follows_in_a_document(source: Source, rng: Random) -> None:
    task, _ = TASKS["next sentence"]
    question = task(source, rng)
    first = question.text.removesuffix(" Which sentence follows?")
    right = question.options[question.answer]
    assert any(f"{first} {right}" in document for document in source.documents)


def test_the_word_after_comes_after(source: Source, rng: Random) -> None:
    task, _ = TASKS["word after"]
    question = task(source, rng)
    listed, _, asked = question.text.removesuffix("?").partition(" Which word comes after ")
    assert f"{asked} {question.options[question.answer]}" in listed


def test_the_word_count_is_counted(source: Source, rng: Random) -> None:
    task, _ = TASKS["word count"]
    for _ in range(50):
        question = task(source, rng)
        listed, _, asked = question.text.partition(" How often does the word ")
        count = listed.split().count(asked.removesuffix(" appear?"))
        assert question.options[question.answer] == ("Never", "Once", "Twice or more")[count]


def test_the_stated_opinion_is_stated(source: Source, rng: Random) -> None:
    task, _ = TASKS["stated opinion"]
    for _ in range(50):
        question = task(source, rng)
        assert question.options[question.answer] in question.text


def test_positions_are_balanced(rng: Random) -> None:
    drawn = 4000
    shuffled = [shuffled_question(rng, "Which?", "right", ["wrong", "worse", "worst"]) for _ in range(drawn)]
    assert all(question.options[question.answer] == "right" for question in shuffled)
    counts = Counter(question.label for question in shuffled)
    assert sorted(counts) == ["A", "B", "C", "D"]
    assert max(abs(count - drawn / 4) for count in counts.values()) < 120


def test_a_scale_keeps_its_order_or_is_reversed(rng: Random) -> None:
    scale = ("Never", "Sometimes", "Always")
    shown = {scale_question(rng, "How often?", scale, 2) for _ in range(50)}
    assert shown == {
        Question("How often?", scale, 2),
        Question("How often?", ("Always", "Sometimes", "Never"), 0),
    }


def test_the_same_seed_gives_the_same_questions(source: Source) -> None:
    drawn = [[draw_question(source, rng) for _ in range(100)] for rng in (seeded_random(3), seeded_random(3))]
    assert drawn[0] == drawn[1]
    assert drawn[0] != [draw_question(source, seeded_random(4)) for _ in range(100)]
