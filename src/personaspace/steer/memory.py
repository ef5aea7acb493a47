"""Out-of-memory errors that name the batch size to try."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from personaspace.errors import ModelError

SIGNS = ("out of memory", "can't allocate memory", "not enough memory")


@contextmanager
def memory_for(respondents: int) -> Iterator[None]:
    """Turn an out-of-memory error in a ``with`` block into one that names the batch size to try.

    Args:
        respondents: Respondents in the pass.

    Raises:
        ModelError: There was not enough memory.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        known = isinstance(error, (torch.OutOfMemoryError, MemoryError)) or any(sign in str(error) for sign in SIGNS)
        if not known:
            raise
        advice = (
            f"run again with a batch of {respondents // 2} (`--batch {respondents // 2}`); "
            "training resumes from its last checkpoint with the same result"
            if respondents > 1
            else "choose a smaller model, fewer virtual tokens, or a machine with more memory"
        )
        raise ModelError(f"out of memory with {respondents} respondent(s) in one pass: {advice}") from error
