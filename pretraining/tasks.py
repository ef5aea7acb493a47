"""Tasks that make multiple-choice questions out of plain text."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from pretraining.corpus import words
from pretraining.multiple_choice import Question, scale_question, shuffled_question
from pretraining.source import Source

FREQUENT_WORDS = 3000
COUNT_SCALE = ("Never", "Once", "Twice or more")
OPINION_SCALES = (
    ("Strongly agree", "Agree", "Disagree", "Strongly disagree"),
    ("Strongly agree", "Agree", "Neither agree nor disagree", "Disagree", "Strongly disagree"),
    ("Very good", "Good", "Bad", "Very bad"),
    ("Very important", "Fairly important", "Not very important", "Not at all important"),
    ("A great deal", "Quite a lot", "Not very much", "None at all"),
    ("Yes", "No"),
    ("For", "Against"),
    ("Better", "The same", "Worse"),
    ("Always", "Often", "Sometimes", "Rarely", "Never"),
    ("Too much", "About right", "Too little"),
)
SPEAKERS = ("Maria", "John", "the speaker", "the writer", "a neighbour", "Anna", "the senator")

Task = Callable[[Source, random.Random], Question]


def _wrong_count(rng: random.Random) -> int:
    return min(rng.randint(1, 5), rng.randint(1, 5))


def _phrase(rng: random.Random, sentence: str, most: int = 6) -> str:
    pieces = sentence.split()
    length = rng.randint(2, min(most, len(pieces)))
    start = rng.randrange(len(pieces) - length + 1)
    return " ".join(pieces[start : start + length])


def _other_phrases(source: Source, rng: random.Random, text: str, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        phrase = _phrase(rng, source.passage(rng)[0])
        if phrase not in text:
            found[phrase] = None
    return list(found)


def repeated_word(source: Source, rng: random.Random) -> Question:
    """Ask which option is the given word."""
    known = int(FREQUENT_WORDS * rng.random() ** 2) + 10
    right, *wrong = rng.sample(source.ranked_words[:known], 1 + _wrong_count(rng))
    template = rng.choice(
        (
            'Which option is "{}"?',
            "Which option is the word {}?",
            "Choose the word {}.",
            "The word is {}. Which word is it?",
            "Which of these is {}?",
        )
    )
    return shuffled_question(rng, template.format(right), right, wrong)


def repeated_phrase(source: Source, rng: random.Random) -> Question:
    """Ask which option repeats the given phrase."""
    right = _phrase(rng, source.passage(rng)[0])
    wrong = _other_phrases(source, rng, right, _wrong_count(rng))
    template = rng.choice(
        (
            'Which option says "{}"?',
            "Which option says {}?",
            "{} Which option repeats this?",
            "Someone said: {} What was said?",
            "Which of these is the same as: {}",
        )
    )
    return shuffled_question(rng, template.format(right), right, wrong)


def word_in_passage(source: Source, rng: random.Random) -> Question:
    """Ask which word occurs in a passage; the options are about as frequent."""
    text, known = source.passage_with_words(rng, 1, rng.randint(1, 2))
    right = rng.choice(known)
    wrong = source.similar_words(rng, right, _wrong_count(rng), {*words(text)})
    template = rng.choice(("{} Which word occurs in the passage?", "Which of these words is in this text? {}"))
    return shuffled_question(rng, template.format(text), right, wrong)


def word_not_in_passage(source: Source, rng: random.Random) -> Question:
    """Ask which word does not occur in a passage."""
    count = _wrong_count(rng)
    text, known = source.passage_with_words(rng, count)
    wrong = rng.sample(known, count)
    (right,) = source.similar_words(rng, wrong[0], 1, {*words(text)})
    return shuffled_question(rng, f"{text} Which word is not in the passage?", right, wrong)


def said_in_passage(source: Source, rng: random.Random) -> Question:
    """Ask which phrase a passage says."""
    text = " ".join(source.passage(rng, rng.randint(1, 2)))
    right = _phrase(rng, text)
    wrong = _other_phrases(source, rng, text, _wrong_count(rng))
    template = rng.choice(("{} Which of these is said in the passage?", "{} What does the text say?"))
    return shuffled_question(rng, template.format(text), right, wrong)


def removed_word(source: Source, rng: random.Random) -> Question:
    """Ask which word was removed from a sentence; the options are about as frequent."""
    text, known = source.passage_with_words(rng, 1)
    right = rng.choice(known)
    wrong = source.similar_words(rng, right, _wrong_count(rng), {*words(text)})
    gapped = re.sub(rf"(?<![A-Za-z]){right}(?![A-Za-z])", "___", text)
    return shuffled_question(rng, f"{gapped} Which word was removed?", right, wrong)


def next_sentence(source: Source, rng: random.Random) -> Question:
    """Ask which sentence follows; the wrong ones come from other places."""
    text, right = source.passage(rng, 2)
    wrong = {source.passage(rng)[0] for _ in range(rng.randint(1, 3))} - {right}
    return shuffled_question(rng, f"{text} Which sentence follows?", right, sorted(wrong))


def word_after(source: Source, rng: random.Random) -> Question:
    """Ask which word comes after another in a short list."""
    listed = rng.sample(source.ranked_words, rng.randint(3, 6))
    place = rng.randrange(len(listed) - 1)
    right = listed[place + 1]
    wrong = [word for word in listed if word not in (right, listed[place])]
    text = f"{' '.join(listed)} Which word comes after {listed[place]}?"
    return shuffled_question(rng, text, right, wrong)


def word_count(source: Source, rng: random.Random) -> Question:
    """Ask on an ordered scale how often a word occurs in a list."""
    counted, *others = rng.sample(source.ranked_words, 6)
    answer = rng.randrange(len(COUNT_SCALE))
    listed = others[answer:] + [counted] * answer
    rng.shuffle(listed)
    text = f"{' '.join(listed)} How often does the word {counted} appear?"
    return scale_question(rng, text, COUNT_SCALE, answer)


def stated_opinion(source: Source, rng: random.Random) -> Question:
    """Ask on an ordered scale for the view that somebody was said to hold."""
    scale = rng.choice(OPINION_SCALES)
    answer = rng.randrange(len(scale))
    speaker = rng.choice(SPEAKERS)
    template = rng.choice(
        (
            "{statement} Asked about this, {speaker} said: {view}. What did {speaker} say?",
            "The view of {speaker} is: {view}. {statement} What is the view of {speaker}?",
            "Some people say: {statement} I say: {view}. What do I say?",
            "My answer is {view}. {statement} What is my answer?",
            "My answer is {view}. What is my answer?",
            "{speaker} said: {view}. What did {speaker} say?",
            "Which option says {view}?",
        )
    )
    text = template.format(statement=source.passage(rng)[0], speaker=speaker, view=scale[answer])
    return scale_question(rng, text, scale, answer)


TASKS: dict[str, tuple[Task, float]] = {
    "repeated word": (repeated_word, 12.0),
    "repeated phrase": (repeated_phrase, 2.0),
    "word in passage": (word_in_passage, 0.5),
    "word not in passage": (word_not_in_passage, 0.2),
    "said in passage": (said_in_passage, 0.5),
    "removed word": (removed_word, 0.2),
    "next sentence": (next_sentence, 0.2),
    "word after": (word_after, 1.0),
    "word count": (word_count, 0.2),
    "stated opinion": (stated_opinion, 4.0),
}


def draw_question(source: Source, rng: random.Random) -> Question:
    """Draw a task by its share of training and make one question with it."""
    tasks = list(TASKS.values())
    ((task, _),) = rng.choices(tasks, weights=[share for _, share in tasks])
    return task(source, rng)
