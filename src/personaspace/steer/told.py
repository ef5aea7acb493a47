"""What an informed soft-prompting model is told of a question: the answers its space expects of each point."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from personaspace.steer.expectation import Expected

PLACES = 26
WIDTH = 2 * PLACES + 1
FARTHEST = 4.0
LEAST_DOUBT = 0.01


def told(expected: Expected, vectors: Tensor) -> Tensor:
    """The expectation of points ``[n, dim]`` by the place of an option, shape ``[n, 53]``.

    Log-odds and probabilities of the first 26 options, 0 for places without one, and the logarithm of the doubt.
    """
    odds = expected.log_odds(vectors)
    places = min(PLACES, odds.shape[1])
    row = torch.zeros(len(vectors), WIDTH, device=vectors.device)
    row[:, :places] = odds[:, :places].clamp(-FARTHEST, FARTHEST)
    row[:, PLACES : PLACES + places] = odds.softmax(dim=1)[:, :places]
    row[:, -1] = math.log(max(expected.doubt, LEAST_DOUBT))
    return row


def told_nothing(points: int, device: torch.device) -> Tensor:
    """Where there is nothing to expect: no options, or nobody to ask; shape ``[points, 53]``."""
    return torch.zeros(points, WIDTH, device=device)
