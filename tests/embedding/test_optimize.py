"""The training loop: the best epoch is kept, and a loss that is no number is an error, never the random start."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nan

import pytest
import torch

from personaspace.embedding.optimize import keep_best
from personaspace.errors import SettingError


def kept(losses: Sequence[float], patience: int = 3) -> float:
    """The epoch whose tensor is kept when validation losses are these."""
    tensor, remaining = torch.zeros(1), iter(losses)

    def epoch() -> None:
        tensor.add_(1)

    keep_best([tensor], epoch, lambda: next(remaining), epochs=len(losses), patience=patience)
    return float(tensor)


def test_the_epoch_of_the_least_loss_is_kept() -> None:
    assert kept([3.0, 1.0, 2.0]) == 2
    assert kept([3.0, 2.0, nan, nan, nan]) == 2
    assert kept([nan, 2.0, 3.0]) == 2


@pytest.mark.parametrize("losses", [[nan] * 5, [inf] * 2, [nan]])
def test_a_loss_that_is_never_a_number_is_an_error_that_says_what_to_do(losses: list[float]) -> None:
    with pytest.raises(SettingError, match=r"validation loss was (nan|inf) after all \d epoch.*lower learning_rate"):
        kept(losses)
