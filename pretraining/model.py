"""The shape of nano."""

from __future__ import annotations

from tokenizers import Tokenizer
from transformers import LlamaConfig

from pretraining.corpus import END_OF_TEXT


def nano_config(tokenizer: Tokenizer) -> LlamaConfig:
    """Give the configuration of nano.

    Args:
        tokenizer: Its tokenizer, whose end-of-text token begins, ends and pads text.

    Returns:
        A Llama of 7.2 million parameters for a vocabulary of 8,192.
    """
    (end_of_text,) = tokenizer.encode(END_OF_TEXT).ids
    return LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=256,
        intermediate_size=768,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=4,
        head_dim=64,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        bos_token_id=end_of_text,
        eos_token_id=end_of_text,
        pad_token_id=end_of_text,
    )
