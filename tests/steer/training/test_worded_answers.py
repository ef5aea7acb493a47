"""Answers in words: sentences as tokens, and a soft-prompting model that learns who says what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from personaspace.steer.forward.attach import Attachment
from personaspace.steer.generation.decoding import Decoding
from personaspace.steer.generation.sampling import Sampling
from personaspace.steer.generation.texts import Written
from personaspace.steer.generation.wording import Chosen, Prompts, say
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import CUE, open_question
from personaspace.steer.soft_prompts.initialization import initialize, new_soft_prompt
from personaspace.steer.soft_prompts.registry import soft_prompt_settings
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.steerer import Steerer
from personaspace.steer.training import worded_answers
from personaspace.steer.training.distributed import Processes
from personaspace.steer.training.examples import pairs_of
from personaspace.steer.training.settings import TrainSettings
from personaspace.steer.training.step import Learner
from personaspace.steer.training.worded_answers import NO_TOKEN, WordedAnswers, write_sentences
from personaspace.survey.question import Option, Question
from tests.steer.conftest import ATTACHMENTS, opposed_survey, tiny_model
from tests.steer.generation.tiny_chat import SHORT_ENDS, tiny_chat

PARKS = Question("parks", "Should the city build more parks?", (Option("Yes"), Option("No"), Option("Perhaps")))
TREES = Question("trees", "More trees?", (Option("Yes"), Option("No"), Option("Some")))
SENTENCES = [["Yes, many.", "No, it should not.", ""]]


@pytest.fixture
def talkative(monkeypatch: pytest.MonkeyPatch) -> LanguageModel:
    """A tiny chat model whose sentences end at the next common letter."""
    monkeypatch.setattr(worded_answers, "SAMPLING", Sampling(max_new_tokens=32, stop=SHORT_ENDS))
    return tiny_chat(monkeypatch)


def test_every_option_has_its_own_sentence_whatever_else_is_asked(talkative: LanguageModel) -> None:
    counted: list[tuple[int, int]] = []
    both = write_sentences(talkative, [PARKS, TREES], 0, lambda done, of: counted.append((done, of)))
    assert [len(options) for options in both] == [3, 3]
    assert counted[-1] == (6, 6)
    assert len({sentence for options in both for sentence in options}) > 2
    assert write_sentences(talkative, [TREES], 0)[0] == both[1]
    assert write_sentences(talkative, [TREES], 1)[0] != both[1]


def test_sentences_kept_in_a_file_are_not_written_again(
    talkative: LanguageModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writing that was interrupted after the first batch goes on with the second; another seed begins anew."""
    monkeypatch.setattr(worded_answers, "BATCH", 2)
    file, said = tmp_path / "kept" / "sentences.json", list[Chosen]()

    def say_and_count(prompts: Prompts, asked: list[Chosen], *how: Any) -> list[Written]:
        said.extend(asked)
        return say(prompts, asked, *how)

    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    whole = write_sentences(talkative, [PARKS, TREES], 0)
    with pytest.raises(KeyboardInterrupt):
        write_sentences(talkative, [PARKS, TREES], 0, interrupt, file)
    monkeypatch.setattr(worded_answers, "say", say_and_count)
    counted: list[tuple[int, int]] = []
    assert write_sentences(talkative, [PARKS, TREES], 0, lambda *count: counted.append(count), file) == whole
    assert [(one.question, one.option) for one in said[:1]] == [(PARKS.text, "Perhaps")]
    assert (len(said), counted) == (4, [(4, 6), (6, 6)])
    assert write_sentences(talkative, [TREES, PARKS], 0, file=file) == whole[::-1]
    assert len(said) == 4
    write_sentences(talkative, [TREES], 1, file=file)
    assert len(said) == 7


def test_a_question_too_long_for_the_context_has_no_sentence(talkative: LanguageModel) -> None:
    long = Question("long", "very " * 300, TREES.options)
    assert write_sentences(talkative, [long, TREES], 0) == [["", "", ""], *write_sentences(talkative, [TREES], 0)]


def test_a_sentence_that_does_not_end_is_not_learned(talkative: LanguageModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worded_answers, "SAMPLING", Sampling(max_new_tokens=2))
    assert write_sentences(talkative, [TREES], 0) == [["", "", ""]]


def test_a_chat_model_learns_words_with_the_labels_unless_told_not_to(talkative: LanguageModel, tmp_path: Path) -> None:
    survey, space = opposed_survey(20, 3)
    lm = SteeredLM(talkative, settings=TrainSettings(epochs=1)).fit(survey, space, tmp_path / "checkpoint.safetensors")
    assert lm.learned_words
    letters = TrainSettings(epochs=1, words=0)
    assert not SteeredLM(talkative, settings=letters).fit(survey, space).learned_words
    lm.save(tmp_path)
    assert SteeredLM.load(tmp_path, talkative).learned_words


def test_other_sentences_are_other_training_data(talkative: LanguageModel) -> None:
    survey, space = opposed_survey(20, 3)
    pairs = pairs_of(survey, torch.from_numpy(space.vectors), np.ones(len(survey.answers), bool))
    worded = [
        replace(pairs, worded=WordedAnswers(talkative, survey.questions, [[text, ""]] * 3)) for text in ("Yes.", "No.")
    ]
    assert len({one.digest() for one in (pairs, *worded)}) == 3


def test_sentences_are_tokens_after_the_cue_with_an_end(llama: LanguageModel) -> None:
    block = WordedAnswers(llama, [PARKS], SENTENCES).block(0, torch.randn(4, 8), [1, 3, 0, 2])
    assert block is not None
    assert len(block) == 2, "neither a refusal nor an option without a sentence is learned"
    for row, sentence in zip(block.tokens.tolist(), ("No, it should not.", "Yes, many."), strict=True):
        ids = [token for token in row if token != NO_TOKEN]
        assert ids[-1] == llama.tokenizer.eos_token_id
        assert llama.tokenizer.decode(ids[:-1]) == f" {sentence}"
        whole = llama.tokens(f"{CUE} {sentence}", start=False)[0].tolist()
        assert [*llama.cue[0].tolist(), *ids[:-1]] == whole
    assert WordedAnswers(llama, [PARKS], SENTENCES).block(0, torch.randn(2, 8), [2, 3]) is None


@pytest.mark.parametrize("family", ["llama, grouped queries", "falcon, alibi", "gpt2"])
@pytest.mark.parametrize("attachment", ATTACHMENTS, ids=str)
def test_logits_of_a_sentence_are_those_of_writing_it(family: str, attachment: Attachment) -> None:
    model = tiny_model(family)
    steerer = Steerer(model, new_soft_prompt(soft_prompt_settings("linear"), 8, model, attachment, 0), attachment)
    block = WordedAnswers(model, [PARKS], SENTENCES).block(0, torch.randn(2, 8), [1, 0])
    assert block is not None
    with torch.no_grad():
        logits = steerer.text_logits(block)
        question = model.read(open_question(PARKS.text))
        for row, point in enumerate(block.vectors):
            decoding = Decoding(model, [steerer.continuation(point[None], question)])
            for place, token in enumerate(block.tokens[row].tolist()):
                if token == NO_TOKEN:
                    break
                torch.testing.assert_close(logits[row, place], decoding.logits[0].float(), atol=1e-4, rtol=1e-4)
                decoding.step(torch.tensor([token]))


def test_two_camps_learn_to_say_their_own_sentence(llama: LanguageModel) -> None:
    """Answers in words alone; the sentences differ from their first token on."""
    survey, space = opposed_survey()
    attachment, settings = Attachment("after", "prefix", 2), TrainSettings(learning_rate=1e-2)
    module = new_soft_prompt(
        soft_prompt_settings("question-aware", hidden=32), space.vectors.shape[1], llama, attachment, 0
    )
    steerer = Steerer(llama, module, attachment)
    vectors = torch.from_numpy(space.vectors)
    initialize(steerer, vectors, [llama.read(open_question(question.text)) for question in survey.questions], 0)
    sentences = [
        ["Yes, many." if option == 0 else "No." for option, _ in enumerate(q.options)] for q in survey.questions
    ]
    worded = WordedAnswers(llama, survey.questions, sentences)
    pairs = pairs_of(survey, vectors, np.ones(len(survey.answers), bool))
    blocks = pairs.blocks(32, np.random.default_rng(0))[:6]
    learner = Learner(steerer, settings, Processes())

    def losses() -> list[float]:
        made = [
            worded.block(int(pairs.question[i[0]]), vectors[pairs.row[i]], pairs.option[i].tolist()) for i in blocks
        ]
        return [float(learner.words_loss(block).detach()) for block in made if block is not None]

    before = np.mean(losses())
    for step in range(60):
        indices = blocks[step % len(blocks)]
        block = worded.block(
            int(pairs.question[indices[0]]), vectors[pairs.row[indices]], pairs.option[indices].tolist()
        )
        assert block is not None
        learner.step([], 1, 1e-2, [block])
    assert np.mean(losses()) < 0.2 * before
    question = llama.read(open_question(survey.questions[0].text))
    first = [sentences[0][option] for option in pairs.option[pairs.question == 0][:8]]
    rows = pairs.row[pairs.question == 0][:8]
    with torch.no_grad():
        written = Decoding(llama, [steerer.continuation(vectors[rows], question)]).logits.argmax(-1).tolist()
    assert [llama.tokenizer.decode([token]).strip() for token in written] == [
        llama.tokenizer.decode(llama.tokens(f" {sentence}", start=False)[0, :1]).strip() for sentence in first
    ]
