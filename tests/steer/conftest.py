from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    CohereConfig,
    DeepseekV2Config,
    DeepseekV3Config,
    FalconConfig,
    Gemma2Config,
    Gemma3TextConfig,
    GPT2Config,
    GPTJConfig,
    GPTNeoConfig,
    GraniteConfig,
    Llama4TextConfig,
    LlamaConfig,
    MistralConfig,
    OPTConfig,
    PreTrainedTokenizerFast,
    Qwen3Config,
)

from personaspace.steer.forward.attach import Attachment, Form, Placement
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.loading import BaseSettings
from personaspace.steer.model.prompts import ALPHABETS, CUE, question_text
from personaspace.steer.steered_lm import SteeredLM
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.answers import Answers, Pairs
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey
from tests.steer.fake_hub import FakeHub, fake_hub, point_at

QUESTION = question_text("Should the city build more parks?", ["Yes, many", "Perhaps", "No"])
VOCABULARY = 400
ATTACHMENTS = [Attachment(placement, form, 2) for placement, form in product(get_args(Placement), get_args(Form))]
QUICK = TrainSettings(epochs=1, respondents=32, questions=4)


@cache
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


ENDS: dict[str, Any] = {"pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}
COMMON: dict[str, Any] = {"vocab_size": VOCABULARY, "hidden_size": 32, "max_position_embeddings": 256, **ENDS}
LLAMA: dict[str, Any] = {
    **COMMON,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "initializer_range": 0.2,
}
FALCON: dict[str, Any] = {**COMMON, "num_hidden_layers": 3, "num_attention_heads": 4, "initializer_range": 0.2}
GPT: dict[str, Any] = {
    "vocab_size": VOCABULARY, "n_embd": 32, "n_layer": 3, "n_head": 4, "n_positions": 256,
    "initializer_range": 0.2, **ENDS,
}  # fmt: skip
SLIDING = ["sliding_attention", "sliding_attention", "full_attention"]


def _gpt_neo(window: int) -> GPTNeoConfig:
    return GPTNeoConfig(
        **COMMON, num_layers=4, num_heads=4, attention_types=[[["global", "local"], 2]], window_size=window,
        initializer_range=0.2,
    )  # fmt: skip


def _gemma(make: Any, window: int) -> Any:
    """The capped scores and logits of Gemma 2 are far below those of a model of this size: smaller caps take hold."""
    caps = {"attn_logit_softcapping": 2.0, "final_logit_softcapping": 3.0} if make is Gemma2Config else {}
    scale = {"query_pre_attn_scalar": 16, "head_dim": 16, "layer_types": SLIDING, "sliding_window": window}
    return make(**LLAMA, **scale, **caps)


WINDOW = 24
"""A window shorter than the questions of these tests."""

FAMILIES: dict[str, Callable[[], Any]] = {
    "gpt2": lambda: GPT2Config(**GPT),
    "gpt-neo": lambda: _gpt_neo(256),
    "gpt-j": lambda: GPTJConfig(**GPT, rotary_dim=4),
    "opt": lambda: OPTConfig(
        **COMMON, ffn_dim=48, num_hidden_layers=3, num_attention_heads=4, word_embed_proj_dim=16, init_std=0.2
    ),
    "llama, grouped queries": lambda: LlamaConfig(**LLAMA),
    "mistral": lambda: MistralConfig(**LLAMA, sliding_window=256),
    "qwen3, own head width": lambda: Qwen3Config(**LLAMA, head_dim=16),
    "gemma2, capped": lambda: _gemma(Gemma2Config, 256),
    "gemma3": lambda: _gemma(Gemma3TextConfig, 256),
    "granite": lambda: GraniteConfig(**LLAMA, logits_scaling=3.0, embedding_multiplier=2.0, attention_multiplier=0.2),
    "cohere": lambda: CohereConfig(**LLAMA, logit_scale=0.5),
    "falcon, multi-query": lambda: FalconConfig(**FALCON, multi_query=True, alibi=False),
    "falcon, alibi": lambda: FalconConfig(**FALCON, multi_query=True, alibi=True),
    "falcon, new architecture": lambda: FalconConfig(**FALCON, new_decoder_architecture=True, num_kv_heads=2),
}

MIXTURE: dict[str, Any] = {"num_local_experts": 2, "num_experts_per_tok": 1}
LATENT: dict[str, Any] = {
    **LLAMA, "num_key_value_heads": 4, "kv_lora_rank": 8, "qk_rope_head_dim": 4, "qk_nope_head_dim": 8, "v_head_dim": 6,
    "n_routed_experts": 4, "num_experts_per_tok": 2, "n_shared_experts": 1, "first_k_dense_replace": 1,
    "moe_intermediate_size": 16, "n_group": 1, "topk_group": 1,
}  # fmt: skip
FAMILIES["llama4"] = lambda: Llama4TextConfig(
    **LLAMA, **MIXTURE, head_dim=8, intermediate_size_mlp=48, attention_chunk_size=256, no_rope_layers=[1, 1, 0],
    interleave_moe_layer_step=2,
)  # fmt: skip

PROMPT_ONLY: dict[str, Callable[[], Any]] = {
    "deepseek-v2": lambda: DeepseekV2Config(**LATENT, q_lora_rank=None),
    "deepseek-v3": lambda: DeepseekV3Config(**LATENT, q_lora_rank=8),
}
"""Families whose keys and values differ in width: latent attention, which no prefix fills."""

SHORT: dict[str, Callable[[], Any]] = {
    "gpt-neo, short window": lambda: _gpt_neo(WINDOW),
    "mistral, short window": lambda: MistralConfig(**LLAMA, sliding_window=WINDOW),
    "gemma3, short window": lambda: _gemma(Gemma3TextConfig, WINDOW),
}

STATES: dict[str, Any] = {"mamba_n_heads": 4, "mamba_d_head": 16, "mamba_d_state": 8, "mamba_n_groups": 1}
DELTA: dict[str, Any] = {
    "layer_types": ["linear_attention", "full_attention", "linear_attention"], "linear_key_head_dim": 8,
    "linear_value_head_dim": 8, "linear_num_key_heads": 2, "linear_num_value_heads": 4,
}  # fmt: skip
UNSUITABLE: dict[str, dict[str, Any]] = {
    "Mamba": {},
    "Mamba2": {"num_heads": 4, "head_dim": 16, "state_size": 8, "n_groups": 1},
    "Jamba": {
        "num_experts": 2, "num_experts_per_tok": 1, "attn_layer_period": 2, "attn_layer_offset": 1, "mamba_d_state": 4,
        "expert_layer_period": 2, "expert_layer_offset": 1, "mamba_dt_rank": 4,
    },
    "FalconH1": {**STATES, "mamba_d_ssm": 32, "mamba_d_head": 8, "mamba_expand": 1},
    "Lfm2": {"layer_types": ["conv", "full_attention", "conv"]},
    "MiniMax": {**MIXTURE, "head_dim": 8, "block_size": 8, "layer_types": DELTA["layer_types"]},
    "Bamba": {**STATES, "attn_layer_indices": [1]},
    "GraniteMoeHybrid": {**STATES, **MIXTURE, "layer_types": ["mamba", "attention", "mamba"]},
    "Qwen3Next": {
        **DELTA, "head_dim": 16, "num_experts": 2, "num_experts_per_tok": 1, "moe_intermediate_size": 16,
        "shared_expert_intermediate_size": 16,
    },
    "NemotronH": {},
    "OlmoHybrid": {"layer_types": DELTA["layer_types"]},
    "RecurrentGemma": {"lru_width": 32, "attention_window_size": 64, "head_dim": 8},
    "Rwkv": {"attention_hidden_size": 32, "context_length": 256},
}  # fmt: skip
"""Families that keep more than keys and values, by the beginning of their configuration's name."""


def filled(model: Any) -> Any:
    """The model with random weights where its family starts from zeros, so that no part of it is without effect."""
    with torch.no_grad():
        for weight in model.parameters():
            if not weight.any():
                weight.normal_(std=0.5)
    return model


def tiny_model(family: str, settings: BaseSettings | None = None) -> LanguageModel:
    torch.manual_seed(0)
    auto: Any = AutoModelForCausalLM
    return LanguageModel(
        auto.from_config({**FAMILIES, **SHORT, **PROMPT_ONLY}[family]()), tiny_tokenizer(), family, settings=settings
    )


@pytest.fixture(params=["gpt2", "gpt-neo", "llama, grouped queries", "falcon, alibi"])
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


def refusing_survey() -> tuple[Any, Points, Any]:
    """The two camps of :func:`opposed_survey`, of whom one refuses every question with an even number."""
    survey, space = opposed_survey(respondents=60, questions=4)
    refuses = space.vectors[:, 0] > np.median(space.vectors[:, 0])
    refused = refuses[survey.answers.respondent] & (survey.answers.question % 2 == 0)
    pairs = survey.answers.where(refused)
    return replace(survey.with_answers(~refused), refusals=Pairs(pairs.respondent, pairs.question)), space, refuses


@dataclass(frozen=True)
class Camp:
    """A persona with members."""

    name: str
    vector: Any
    members: tuple[str, ...]


class Camps(list[Camp]):
    """Personas of a space, the first half of its points and the second."""

    def __init__(self, space: Points) -> None:
        half = len(space.ids_) // 2
        for name, rows in (("first", slice(half)), ("second", slice(half, None))):
            self.append(Camp(name, space.vectors[rows].mean(axis=0), space.ids_[rows]))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(camp.name for camp in self)

    @property
    def vectors(self) -> Any:
        return np.stack([camp.vector for camp in self])


@pytest.fixture(scope="session")
def steered() -> SteeredLM:
    """Trained for one epoch; shared by tests that do not change it."""
    survey, space = opposed_survey()
    return SteeredLM(tiny_model("llama, grouped queries"), settings=QUICK).fit(survey, space)


@pytest.fixture(scope="session")
def question_aware() -> SteeredLM:
    """As :func:`steered`, without a question prior, which depends on the order of the options."""
    survey, space = opposed_survey()
    lm = SteeredLM(tiny_model("llama, grouped queries"), soft_prompt="question-aware", settings=QUICK)
    return lm.fit(survey, space)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    """A hub in place of the real one, an empty cache, a token that may write."""
    with fake_hub() as server:
        point_at(server.url, monkeypatch, tmp_path)
        monkeypatch.setenv("HF_TOKEN", server.token)
        yield server
