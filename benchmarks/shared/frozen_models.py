"""The frozen models that steering is measured on: ``nano``, and two common shapes with random weights."""

from __future__ import annotations

from typing import Any

import torch
from transformers import GPTNeoConfig, GPTNeoForCausalLM, LlamaConfig, LlamaForCausalLM

from personaspace.steer.model.language_model import LanguageModel


def gpt_neo() -> Any:
    """The shape of EleutherAI/gpt-neo-125m."""
    return GPTNeoForCausalLM(
        GPTNeoConfig(hidden_size=768, num_layers=12, num_heads=12, attention_types=[[["global", "local"], 6]])
    )


def llama() -> Any:
    """A Llama of 135 million weights with grouped queries, the shape of HuggingFaceTB/SmolLM-135M."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
            num_key_value_heads=3, max_position_embeddings=2048, tie_word_embeddings=True,
        )
    )  # fmt: skip


SHAPES = {"gpt-neo-125m": gpt_neo, "llama-135m": llama}
MODELS = ("nano", *SHAPES)


def frozen_model(name: str) -> LanguageModel:
    """A model of :data:`MODELS`; all read with nano's tokenizer, so that every one reads as many tokens."""
    nano = LanguageModel.load("nano")
    if name == "nano":
        return nano
    torch.manual_seed(0)
    return LanguageModel(SHAPES[name](), nano.tokenizer, name)
