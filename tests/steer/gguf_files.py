"""Small GGUF files, written as llama.cpp's converter writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from personaspace.steer.model.language_model import LanguageModel

LAYER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
WHOLE = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
         "lm_head.weight": "output.weight"}  # fmt: skip


def write_gguf(
    llama: LanguageModel, path: Path, template: str | None = None, quantize: Any = None, **metadata: Any
) -> Path:
    """Write a tiny Llama to a GGUF file.

    Args:
        llama: The model.
        path: The file.
        template: A chat template.
        quantize: Type of the matrices' blocks; all weights are 32-bit numbers without.
        metadata: Other values of the family's keys, such as ``block_count``.
    """
    config, tokenizer = llama.model.config, llama.tokenizer
    writer = gguf.GGUFWriter(path, "llama")
    sizes = {
        "block_count": config.num_hidden_layers,
        "context_length": config.max_position_embeddings,
        "embedding_length": config.hidden_size,
        "feed_forward_length": config.intermediate_size,
        "attention.head_count": config.num_attention_heads,
        "attention.head_count_kv": config.num_key_value_heads,
        "rope.dimension_count": config.head_dim,
    }
    for key, value in (sizes | metadata).items():
        writer.add_uint32(f"llama.{key}", value)
    writer.add_float32("llama.attention.layer_norm_rms_epsilon", config.rms_norm_eps)
    writer.add_float32("llama.rope.freq_base", 10000.0)
    known = tokenizer.convert_ids_to_tokens(range(config.vocab_size))
    tokens = [token or f"[PAD{index}]" for index, token in enumerate(known)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if index == tokenizer.eos_token_id else 1 for index in range(len(tokens))])
    writer.add_token_merges(_merges(tokenizer))
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    if template is not None:
        writer.add_chat_template(template)
    for name, weight in llama.model.state_dict().items():
        array = _permuted(name, weight.numpy(), config)
        if quantize is None or array.ndim == 1 or array.shape[-1] % 32:
            writer.add_tensor(_name(name), array)
        else:
            writer.add_tensor(_name(name), gguf.quantize(array, quantize), raw_dtype=quantize)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _merges(tokenizer: Any) -> list[str]:
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    return [merge if isinstance(merge, str) else " ".join(merge) for merge in merges]


def _name(name: str) -> str:
    if name in WHOLE:
        return WHOLE[name]
    _, _, layer, *middle, end = name.split(".")
    return f"blk.{layer}.{LAYER['.'.join(middle)]}.{end}"


def _permuted(name: str, weight: Any, config: Any) -> Any:
    """Rows of query and key projections as llama.cpp orders them: pairs of rotary dimensions side by side."""
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}.get(name.split(".")[-2])
    if heads is None:
        return weight
    halves = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(weight.shape))
