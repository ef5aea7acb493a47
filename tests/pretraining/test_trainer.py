"""Training on a tiny scale: what a batch holds, and that a resumed run equals an uninterrupted one."""

from __future__ import annotations

from pathlib import Path
from string import ascii_uppercase

import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig

from pretraining.batches import Batches
from pretraining.checkpoint import Checkpoint
from pretraining.corpus import END_OF_TEXT, read_documents, split_held_out
from pretraining.export import export
from pretraining.model import nano_config
from pretraining.multiple_choice import MARKS
from pretraining.pretrain import CHECKPOINT_FILE, TOKENIZER_FILE
from pretraining.source import Source
from pretraining.tokenizer import label_tokens, train_tokenizer
from pretraining.trainer import Schedule, Trainer


@pytest.fixture(scope="module")
def tokenizer(source: Source) -> Tokenizer:
    return train_tokenizer(source, seed=0, questions=500)


@pytest.fixture
def batches(source: Source, tokenizer: Tokenizer) -> Batches:
    return Batches(source, tokenizer, length=48, text_rows=2, question_rows=2, label_weight=5.0, seed=0)


def tiny_trainer(batches: Batches) -> Trainer:
    config = LlamaConfig(
        vocab_size=batches.tokenizer.get_vocab_size(),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        tie_word_embeddings=True,
    )
    return Trainer(config, batches, Schedule(steps=6, warmup=2))


def test_a_resumed_run_equals_an_uninterrupted_one(batches: Batches, tmp_path: Path) -> None:
    whole = tiny_trainer(batches)
    while not whole.done:
        whole.train_step()
    interrupted = tiny_trainer(batches)
    for _ in range(3):
        interrupted.train_step()
    interrupted.checkpoint().write(tmp_path / "checkpoint.safetensors")
    resumed = tiny_trainer(batches)
    resumed.resume(Checkpoint.read(tmp_path / "checkpoint.safetensors"))
    while not resumed.done:
        resumed.train_step()
    assert resumed.step == whole.step == 6
    assert resumed.elapsed > interrupted.elapsed
    for ours, theirs in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_training_lowers_the_loss(batches: Batches) -> None:
    trainer = Trainer(tiny_trainer(batches).model.config, batches, Schedule(steps=30, peak=1e-2, warmup=5))
    losses = []
    while not trainer.done:
        losses.append(trainer.train_step().loss)
    assert losses[-1] < 0.9 * losses[0]


def test_a_batch_is_the_same_for_the_same_step_and_weighs_labels_and_marks(batches: Batches) -> None:
    ids, weights = batches.batch(5)
    assert ids.shape == weights.shape == (4, 48)
    assert torch.equal(ids, batches.batch(5)[0])
    assert not torch.equal(ids, batches.batch(6)[0])
    encode = batches.tokenizer.encode
    allowed = {*label_tokens(batches.tokenizer, ascii_uppercase[:6]), *(encode(mark).ids[-1] for mark in MARKS)}
    weighed = {*ids[weights > 1].tolist()}
    assert weighed and weighed <= allowed


def test_the_learning_rate_rises_and_decays_by_steps_or_time() -> None:
    schedule = Schedule(seconds=100, steps=1000, peak=1.0, warmup=10, cooldown=0.3)
    assert schedule.learning_rate(0, 0.0) == pytest.approx(0.1)
    assert schedule.learning_rate(20, 50.0) == pytest.approx(1.0)
    assert schedule.learning_rate(20, 85.0) == pytest.approx(0.5)
    assert schedule.learning_rate(20, 100.0) == schedule.learning_rate(1000, 1.0) == pytest.approx(0.0)


def test_labels_are_single_tokens_and_boundaries_do_not_merge(tokenizer: Tokenizer) -> None:
    assert len(set(label_tokens(tokenizer, ascii_uppercase[:10]))) == 10
    pieces = ["Question: Which table?\nA. amber\nB. basin\n", "Answer:", " B"]
    apart = [token for piece in pieces for token in tokenizer.encode(piece).ids]
    assert apart == tokenizer.encode("".join(pieces)).ids


def test_an_exported_run_loads(batches: Batches, tmp_path: Path) -> None:
    trainer = Trainer(nano_config(batches.tokenizer), batches, Schedule(steps=1))
    trainer.checkpoint().write(tmp_path / CHECKPOINT_FILE)
    batches.tokenizer.save(str(tmp_path / TOKENIZER_FILE))
    export(tmp_path, tmp_path / "model")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    assert model.dtype == torch.float16
    assert tokenizer.eos_token == END_OF_TEXT
    weights = dict(trainer.model.named_parameters())
    assert all(torch.equal(value, weights[name].half()) for name, value in model.named_parameters())


def test_documents_are_read_and_one_in_a_hundred_is_held_out(tmp_path: Path) -> None:
    path = tmp_path / "corpus.txt"
    path.write_text(f"\n{END_OF_TEXT}\n".join(f"Document {number}" for number in range(200)))
    training, held_out = split_held_out(read_documents(path))
    assert held_out == ["Document 0", "Document 100"]
    assert len(training) == 198
    assert "Document 100" not in training
