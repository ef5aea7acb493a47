"""Settings of virtual tokens, and what does not fit a model."""

from __future__ import annotations

import pytest
import torch

from personaspace.errors import ModelError, SettingError, UnknownNameError
from personaspace.steer.forward.attach import Attachment, attach
from personaspace.steer.forward.option_logits import base_probabilities
from personaspace.steer.model.language_model import LanguageModel
from tests.steer.conftest import QUESTION


def test_bad_settings() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'after'"):
        Attachment("afer")  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="did you mean 'prefix'"):
        Attachment("after", "prefx")  # type: ignore[arg-type]
    with pytest.raises(SettingError, match=r"number of virtual tokens\) is 0: give a whole number from 1 to 64"):
        Attachment(tokens=0)


def test_text_longer_than_the_context(model: LanguageModel) -> None:
    with pytest.raises(ModelError, match=r"reads at most 256"):
        model.read("word " * 400)
    with pytest.raises(ModelError, match=r"'word word.* \.\.\.' needs \d+ tokens, but .* reads at most 256"):
        base_probabilities(model, [QUESTION, "word " * 400], [3, 3])


@pytest.mark.parametrize("placement", ["before", "after"])
def test_tokens_and_answer_longer_than_the_context(llama: LanguageModel, placement: str) -> None:
    """The last token that may be generated is the last that the model can read."""
    attachment = Attachment(placement, "prompt", 2)  # type: ignore[arg-type]
    cached, virtual = llama.read(QUESTION), torch.zeros(1, *attachment.shape(llama))
    left = 256 - cached.ids.shape[1] - 3
    assert attach(llama, cached, virtual, attachment, generated=left).length + left == 256
    with pytest.raises(ModelError, match="needs 257 tokens"):
        attach(llama, cached, virtual, attachment, generated=left + 1)
