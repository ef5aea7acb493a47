"""Texts that begin with one question share it: the same logits as with a copy for each."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from personaspace.steer.forward.attach import Continuation
from personaspace.steer.generation.decoding import Decoding
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import open_question
from personaspace.steer.model.question_cache import read_on
from tests.steer.conftest import FAMILIES, tiny_model


def texts(model: LanguageModel) -> list[Continuation]:
    """Three texts after one question, with a beginning of their own of two, four and no tokens."""
    question = model.read(open_question("More parks?")).keys_values
    length = question[0][0].shape[2]
    found = []
    for own in ([5, 9], [7, 8, 6, 5], []):
        ids = torch.tensor([own], dtype=torch.long)
        read = read_on(model.body, question, ids) if own else []
        found.append(Continuation(question, [(k[:, :, length:], v[:, :, length:]) for k, v in read], cue(model)))
    return found


def cue(model: LanguageModel) -> Tensor:
    embedding: Tensor = model.embedding(model.cue[:, -1:])
    return embedding


@pytest.mark.parametrize("family", FAMILIES)
def test_texts_that_share_a_question_grow_as_with_copies(family: str) -> None:
    model = tiny_model(family)
    read: list[list[Tensor]] = []
    for shares in (None, False):
        model.shares = shares
        decoding = Decoding(model, texts(model))
        seen = [decoding.logits]
        for tokens in ([3, 4, 5], [6, 7, 8]):
            decoding.step(torch.tensor(tokens))
            seen.append(decoding.logits)
        decoding.keep([2, 0])
        decoding.step(torch.tensor([4, 9]))
        read.append([*seen, decoding.logits])
        assert (decoding.shared is not None) == (bool(model.shares) and model.window is None)
    for one, other in zip(*read, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
