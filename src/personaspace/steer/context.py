"""How far a model reads: the length of its context, and the window of layers that see the nearest tokens only."""

from __future__ import annotations

from typing import Any

WINDOWED = {"sliding_attention": "sliding_window", "chunked_attention": "attention_chunk_size"}
UNLIMITED = 2**30


def context_length(config: Any) -> int:
    """The most tokens a model can read, by its configuration; models without positions of their own have no limit."""
    text = config.get_text_config(decoder=True)
    lengths = (getattr(text, name, None) for name in ("max_position_embeddings", "max_seq_len"))
    return int(next((length for length in lengths if length), UNLIMITED))


def window(config: Any) -> int | None:
    """How many tokens, itself included, a token sees in the layers that see least; ``None`` if all see everything.

    Layer types decide where a configuration names them (Gemma, Qwen); otherwise every layer slides (Mistral), or some
    are local (GPT-Neo).
    """
    text = config.get_text_config(decoder=True)
    if "local" in (getattr(text, "attention_layers", None) or ()):
        return int(text.window_size)
    types = set(getattr(text, "layer_types", None) or ["sliding_attention"])
    sizes = [getattr(text, name, None) for kind, name in WINDOWED.items() if kind in types]
    return min((int(size) for size in sizes if size), default=None)
