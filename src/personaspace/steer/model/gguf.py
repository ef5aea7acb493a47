"""GGUF files, checked from end to end before a library reads them: a damaged or hostile one takes no memory.

The format (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md): a header of metadata, keys with numbers, texts
or arrays; a table of tensors; their data. The readers in ``gguf`` and ``transformers`` trust all lengths in a file.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from personaspace.errors import ModelError, escaped, shown

MAGIC, VERSIONS = b"GGUF", (2, 3)
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""Types of metadata that are numbers, as :mod:`struct` writes them."""
TEXT, ARRAY = 8, 9
MOST_ENTRIES = 2**16
"""Keys, or tensors, at most: the largest known models have a few thousand."""
MOST_ELEMENTS = 3 * 2**19
"""Elements of all arrays together, at most: 262,144 tokens with scores, types and as many merges are a million.

The reader in ``gguf`` 0.19 takes 700 bytes for a number and 1,600 for a text.
"""
LONGEST_ARRAY = 8
"""Elements of an array that are kept; longer ones are vocabularies."""
MOST_DIMENSIONS, LARGEST_ALIGNMENT = 4, 2**20
NO_FAMILIES = {"general", "tokenizer"}
HYBRID = {"lfm2", "qwen35", "qwen35moe"}
"""Families that keep more than keys and values, and for which ``transformers`` may fetch code from the hub."""


@dataclass(frozen=True)
class GGUFHeader:
    """What a GGUF file says of itself, borne out by its length.

    Attributes:
        metadata: Value of every key; long arrays are left out.
        weights: Number of weights in its tensors.
    """

    metadata: Mapping[str, Any]
    weights: int


class _FaultError(Exception):
    """What is wrong with a file."""


def check_gguf(path: str | Path, name: str) -> GGUFHeader:
    """Read a GGUF file's header, and check that the file holds what it promises and is of a known family.

    Args:
        path: The file.
        name: What the user calls it.

    Raises:
        ModelError: It is no GGUF file, is cut off or damaged, holds one part of a model, or is of a family that
            ``transformers`` does not read from GGUF files.
        OSError: It cannot be read.
    """
    try:
        return _read(Path(path))
    except _FaultError as fault:
        raise ModelError(f"GGUF file {shown(name, 200)} {fault}") from None
    except (struct.error, UnicodeDecodeError, OverflowError) as error:
        raise ModelError(
            f"GGUF file {shown(name, 200)} is cut off or damaged in its header ({escaped(str(error), 80)}): "
            "download it again"
        ) from error


def _check_family(metadata: Mapping[str, Any]) -> None:
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    parts = metadata.get("split.count", 1)
    if isinstance(parts, int) and parts > 1:
        raise _FaultError(f"is one of {parts} parts of a model: merge them first (llama-gguf-split --merge)")
    family = metadata.get("general.architecture")
    known = {_plain(known): known for known in GGUF_SUPPORTED_ARCHITECTURES if known not in NO_FAMILIES | HYBRID}
    if not isinstance(family, str) or _plain(family) not in known:
        raise _FaultError(
            f"is of architecture {shown(family)}, which cannot be steered from a GGUF file: give one of "
            f"{', '.join(sorted(known.values()))}, or the model as safetensors"
        )


def _plain(family: str) -> str:
    """llama.cpp and ``transformers`` write ``qwen2moe`` and ``qwen2_moe``."""
    return family.replace("_", "").replace("-", "")


def _read(path: Path) -> GGUFHeader:
    if path.stat().st_size < 24:
        raise _FaultError("is too short to be one: download it again")
    with path.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content[:4] != MAGIC:
            raise _FaultError("does not begin like one: download it again, or give another file")
        return _Reader(content).header()


class _Reader:
    """Reads a header from front to back.

    Args:
        content: The file.
    """

    def __init__(self, content: mmap.mmap) -> None:
        self.content, self.size = content, len(content)
        self.at, self.elements = len(MAGIC), 0

    def header(self) -> GGUFHeader:
        version, tensors, keys = self.numbers("IQQ")
        if version not in VERSIONS:
            raise _FaultError(f"is of version {version}, and 2 and 3 can be read: convert the model again")
        if max(tensors, keys) > MOST_ENTRIES:
            raise _FaultError(f"promises {tensors} tensors and {keys} keys, more than any model has: download it again")
        metadata: dict[str, Any] = {}
        for _ in range(keys):
            key = self.text()
            if key in metadata:
                raise _FaultError(f"has the key {shown(key)} twice: download it again")
            metadata[key] = self.value(*self.numbers("I"))
        _check_family(metadata)
        if not tensors:
            raise _FaultError("holds no weights: give the model's own file")
        return GGUFHeader(metadata, self.tensors(tensors, metadata.get("general.alignment", 32)))

    def numbers(self, format_: str) -> tuple[Any, ...]:
        values = struct.unpack_from(f"<{format_}", self.content, self.at)
        self.at += struct.calcsize(f"<{format_}")
        return values

    def text(self) -> str:
        (length,) = self.numbers("Q")
        self.skip(length)
        return self.content[self.at - length : self.at].decode("utf-8")

    def skip(self, length: int) -> None:
        if length > self.size - self.at:
            raise _FaultError(f"is cut off: it has {self.size:,} bytes, and its header goes on: download it again")
        self.at += length

    def value(self, kind: int) -> Any:
        if kind == TEXT:
            return self.text()
        if kind == ARRAY:
            return self.array()
        if kind not in NUMBERS:
            raise _FaultError(f"has metadata of an unknown type, {kind}: download it again")
        return self.numbers(NUMBERS[kind])[0]

    def array(self) -> list[Any]:
        kind, count = self.numbers("IQ")
        self.elements += count
        if self.elements > MOST_ELEMENTS:
            raise _FaultError(f"promises more than {MOST_ELEMENTS:,} tokens and merges: download it again")
        if kind == TEXT:
            for _ in range(count):
                self.skip(*self.numbers("Q"))
        elif kind not in NUMBERS:
            raise _FaultError(f"has an array of an unknown type, {kind}: download it again")
        elif count <= LONGEST_ARRAY:
            return list(self.numbers(f"{count}{NUMBERS[kind]}"))
        else:
            self.skip(count * struct.calcsize(f"<{NUMBERS[kind]}"))
        return []

    def tensors(self, count: int, alignment: object) -> int:
        """Read the table of tensors, and check that the file holds their data; returns the number of weights."""
        from gguf import GGML_QUANT_SIZES

        if not isinstance(alignment, int) or not 1 <= alignment <= LARGEST_ALIGNMENT:
            raise _FaultError(f"has an alignment of {shown(alignment)}: download it again")
        blocks = {int(kind): sizes for kind, sizes in GGML_QUANT_SIZES.items()}
        names, held, end, weights = set(), 0, 0, 0
        for _ in range(count):
            name = self.text()
            (dimensions,) = self.numbers("I")
            if name in names or not 1 <= dimensions <= MOST_DIMENSIONS:
                raise _FaultError(f"has a damaged entry for the tensor {shown(name)}: download it again")
            shape = self.numbers(f"{dimensions}Q")
            kind, offset = self.numbers("IQ")
            if kind not in blocks:
                raise _FaultError(
                    f"has the tensor {shown(name)} in an unknown type, {kind}: pip install --upgrade gguf"
                )
            block, size = blocks[kind]
            if min(shape) < 1 or shape[0] % block or offset % alignment:
                raise _FaultError(f"has the tensor {shown(name)} with a damaged shape or place: download it again")
            names.add(name)
            length = prod(shape) // block * size
            held, end, weights = held + length, max(end, offset + length), weights + prod(shape)
        end = max(end, held) + -(-self.at // alignment) * alignment
        if end > self.size:
            raise _FaultError(
                f"is cut off: it has {self.size:,} bytes, and its tensors end at {end:,}: download it again"
            )
        return weights
