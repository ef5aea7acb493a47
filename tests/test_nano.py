"""The shipped nano loads from its folder, is small, and reads labelled options."""

from __future__ import annotations

from pathlib import Path

import torch

import personaspace
from personaspace.steer.forward.option_logits import base_probabilities
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import LABELS, question_text
from personaspace.steer.model.sources import NANO
from pretraining.source import Source, seeded_random
from pretraining.tasks import TASKS

FOLDER = Path(personaspace.__file__).parent / NANO
TEXT = (
    "The council met on Monday to discuss the new bridge over the river. Several farmers asked for a lower bridge "
    "because their tractors are slow. The mayor answered that ships must be able to pass under it. A teacher from the "
    "village school brought drawings made by her class. Nobody could say how much the work would cost. The engineer "
    "promised to return in spring with a better plan. Snow had closed the old road for most of the winter. Many "
    "families now travel by train to reach the market in town. The hospital needs a safe way for its ambulances. Two "
    "members of the council voted against the plan."
)


def test_the_folder_is_at_most_16_megabytes_and_names_its_sources() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 16_000_000
    card = (FOLDER / "README.md").read_text()
    assert all(source in card for source in ("Wikipedia", "senators", "United Nations", "IBM Debater", "CC BY-SA"))


def test_every_label_is_one_token(nano: LanguageModel) -> None:
    assert len(set(nano.option_tokens.ids(LABELS))) == len(LABELS)


def test_it_has_learnt_english(nano: LanguageModel) -> None:
    ids = nano.tokens("The President of the United States met with the members of the Senate in Washington.")
    loss = nano.model(ids, labels=ids).loss.item()
    assert loss < 5.0


def test_it_finds_a_stated_opinion_on_a_scale_above_chance(nano: LanguageModel) -> None:
    source = Source.from_documents([TEXT] * 10)
    stated_opinion, _ = TASKS["stated opinion"]
    rng = seeded_random(0)
    asked = [stated_opinion(source, rng) for _ in range(300)]
    texts = [question_text(question.text, question.options) for question in asked]
    scores = base_probabilities(nano, texts, [len(question.options) for question in asked])
    right = scores.argmax(1) == torch.tensor([question.answer for question in asked])
    chances = torch.tensor([1 / len(question.options) for question in asked])
    standard_error = (chances * (1 - chances)).sum().sqrt() / len(asked)
    assert right.double().mean() > chances.mean() + 3 * standard_error
