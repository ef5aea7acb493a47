from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    FalconConfig,
    FalconForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoConfig,
    GPTNeoForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
)

from personaspace.steer.language_model import LanguageModel
from personaspace.steer.phrasing import ALPHABETS
from personaspace.steer.prompt import CUE, question_text
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey

QUESTION = question_text("Should the city build more parks?", ["Yes, many", "Perhaps", "No"])
VOCABULARY = 400


def tiny_tokenizer() -> Any:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator([f"{QUESTION}{CUE} {label}" for label in "".join(ALPHABETS.values())] * 5, trainer)
    fast: Any = PreTrainedTokenizerFast
    return fast(tokenizer_object=tokenizer, eos_token="<|endoftext|>", bos_token="<|endoftext|>")  # noqa: S106


def _gpt2() -> Any:
    config = GPT2Config(vocab_size=VOCABULARY, n_embd=32, n_layer=3, n_head=4, n_positions=256, bos_token_id=0)
    return GPT2LMHeadModel(config)


def _gpt_neo() -> Any:
    config = GPTNeoConfig(
        vocab_size=VOCABULARY, hidden_size=32, num_layers=4, num_heads=4, max_position_embeddings=256,
        attention_types=[[["global", "local"], 2]], window_size=256,
    )  # fmt: skip
    return GPTNeoForCausalLM(config)


def _llama() -> Any:
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=3, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, initializer_range=0.2,
    )  # fmt: skip
    return LlamaForCausalLM(config)


def _falcon(alibi: bool) -> Any:
    config = FalconConfig(
        vocab_size=VOCABULARY, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, multi_query=True,
        alibi=alibi, new_decoder_architecture=False, max_position_embeddings=256,
    )  # fmt: skip
    return FalconForCausalLM(config)


FAMILIES: dict[str, Callable[[], Any]] = {
    "gpt2": _gpt2,
    "gpt-neo": _gpt_neo,
    "llama, grouped queries": _llama,
    "falcon, multi-query": lambda: _falcon(alibi=False),
    "falcon, alibi": lambda: _falcon(alibi=True),
}


def tiny_model(family: str) -> LanguageModel:
    torch.manual_seed(0)
    return LanguageModel(FAMILIES[family](), tiny_tokenizer(), family)


@pytest.fixture(params=FAMILIES)
def model(request: pytest.FixtureRequest) -> LanguageModel:
    return tiny_model(request.param)


@pytest.fixture
def llama() -> LanguageModel:
    return tiny_model("llama, grouped queries")


class Points:
    """Named random points, enough of a space and of personas for steering."""

    def __init__(self, n: int = 3, dim: int = 8) -> None:
        self.ids_ = self.names = tuple(f"r{i}" for i in range(n))
        self.respondents_ = self.vectors = np.random.default_rng(0).normal(size=(n, dim)).astype(np.float32)


@pytest.fixture
def points() -> Points:
    return Points()


def opposed_survey(respondents: int = 60, questions: int = 8, alike: bool = False) -> tuple[Survey, Points]:
    """Two camps that always answer the opposite; the first coordinate of the space says which camp."""
    space = Points(respondents)
    camp = (space.vectors[:, 0] > np.median(space.vectors[:, 0])).astype(int)
    asked = tuple(
        Question(f"q{j}", f"Is statement number {j} right?", (Option("Yes", 0.0), Option("No", 1.0)))
        for j in range(questions)
    )
    direction = np.zeros(questions, int) if alike else np.arange(questions) % 2
    row, column = (grid.ravel() for grid in np.meshgrid(np.arange(respondents), np.arange(questions), indexing="ij"))
    return Survey(space.ids_, asked, Answers(row, column, (camp[row] + direction[column]) % 2)), space
