"""Labels that a tokenizer writes as one token, after a space of its own, or as several."""

from __future__ import annotations

import string
import warnings
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from personaspace.errors import ModelError
from personaspace.steer.forward.attach import Attachment, attach
from personaspace.steer.forward.forward import hidden_after_cue
from personaspace.steer.forward.option_logits import base_probabilities
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.option_tokens import sequence_logits
from personaspace.steer.model.output import output_logits
from personaspace.steer.model.prompts import LABELS, labels_for, question_text
from personaspace.steer.soft_prompts.base import SoftPrompt
from personaspace.steer.soft_prompts.mlp import LinearSettings
from personaspace.steer.steerer import Steerer
from tests.steer.conftest import ATTACHMENTS, FAMILIES

MANY = question_text("", [str(i) for i in range(28)])

FEW = question_text("Where?", ["Here", "There", "Elsewhere"])


def with_words(*words: str, unknown: str | None = None) -> LanguageModel:
    """A model with a SentencePiece-like vocabulary: single characters, a mark for spaces, and these words."""
    pieces = [unknown or "<unk>", "\u2581", *(string.printable if unknown is None else "Answer:"), *words]
    vocabulary = [(piece, -1.0 if len(piece) > 1 else -10.0) for piece in dict.fromkeys(pieces)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=0))
    tokenizer.normalizer = normalizers.Replace(" ", "\u2581")
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never", split=False)
    fast: Any = PreTrainedTokenizerFast
    torch.manual_seed(0)
    auto: Any = AutoModelForCausalLM
    config = FAMILIES["llama, grouped queries"]()
    config.max_position_embeddings = 1024
    model = auto.from_config(config)
    model.resize_token_embeddings(len(vocabulary))
    return LanguageModel(model, fast(tokenizer_object=tokenizer), "with words")


def virtual_tokens(model: LanguageModel, attachment: Attachment) -> torch.Tensor:
    return torch.randn(2, *attachment.shape(model), generator=torch.Generator().manual_seed(1)) * 0.5


class Fixed(SoftPrompt):
    """Makes the same virtual tokens whatever the points."""

    def __init__(self, virtual: torch.Tensor) -> None:
        super().__init__(LinearSettings(), 1, 64, tuple(virtual.shape[1:]), 1)
        self.virtual = virtual

    def forward(self, *_: Any, **__: Any) -> torch.Tensor:
        return self.virtual

    def mix(self, u: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError


def steered_logits(
    model: LanguageModel, text: str, virtual: torch.Tensor, attachment: Attachment, options: int
) -> torch.Tensor:
    steerer = Steerer(model, Fixed(virtual), attachment)
    return steerer.logits(torch.zeros(len(virtual), 1), model.read(text), labels_for(options))


def full_pass(model: LanguageModel, text: str, label: str) -> float:
    """Log-probability of a label after a text and the cue, token by token in one plain pass."""
    start = torch.cat([model.question_ids(text), model.cue], dim=1)
    whole = torch.cat([model.question_ids(text), model.tokens(f"Answer: {label}", start=False)], dim=1)
    steps = model.model(whole).logits[0].log_softmax(-1)[:-1].gather(1, whole[0, 1:, None])[:, 0]
    assert torch.equal(whole[:, : start.shape[1]], start)
    return float(steps[start.shape[1] - 1 :].sum())


def test_a_space_of_its_own_belongs_to_the_cue() -> None:
    model = with_words("Answer:")
    assert model.tokenizer.convert_ids_to_tokens(model.cue[0].tolist()) == ["Answer:", "\u2581"]
    assert model.tokenizer.convert_ids_to_tokens(model.option_tokens.ids(LABELS)) == list(LABELS)


@pytest.mark.parametrize(
    ("model", "text", "options"),
    [
        (lambda: with_words("Answer:", "\u2581A", "\u2581B"), FEW, 3),
        (lambda: with_words("Answer:"), MANY, 28),
        (lambda: with_words("Answer:", *(f"\u2581{label}" for label in LABELS)), MANY, 28),
    ],
    ids=["one of three is split", "pairs of letters", "pairs that begin with a word"],
)
def test_labels_of_several_tokens_are_scored_whole(model: Any, text: str, options: int) -> None:
    """Every label's probability is that of all its tokens, as in one plain pass over all of them."""
    model = model()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = base_probabilities(model, [text], [options])[0]
        steered = steered_logits(model, text, virtual_tokens(model, ATTACHMENTS[0]), ATTACHMENTS[0], options)
    expected = torch.tensor([full_pass(model, text, label) for label in labels_for(options)])
    torch.testing.assert_close(scores, expected.softmax(-1), atol=1e-6, rtol=1e-4)
    assert steered.shape == (2, options)


@pytest.mark.parametrize("attachment", ATTACHMENTS, ids=lambda attachment: f"{attachment.placement}-{attachment.form}")
def test_whole_labels_after_virtual_tokens(attachment: Attachment) -> None:
    """Scored one label at a time in a model whose labels are all words of their own: the same, with gradients."""
    model = with_words("Answer:", *(f"\u2581{label}" for label in LABELS))
    virtual, gradients, logits = virtual_tokens(model, attachment).requires_grad_(), [], []
    hidden = hidden_after_cue(model, attach(model, model.read(FEW), virtual, attachment))
    everything = output_logits(model.model, hidden).log_softmax(-1)
    whole = sequence_logits(model.option_tokens.sequences("ABC"), lambda _: everything)
    for rows in (steered_logits(model, FEW, virtual, attachment, 3), whole):
        logits.append(rows.log_softmax(-1))
        gradients.append(torch.autograd.grad(logits[-1][:, 0].sum(), virtual)[0])
    torch.testing.assert_close(*logits, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(*gradients, atol=1e-6, rtol=1e-4)


def test_a_warning_is_given_once() -> None:
    model = with_words("Answer:", "\u2581A", "\u2581B")
    with pytest.warns(UserWarning, match="writes some labels of A to C as several tokens"):
        base_probabilities(model, [FEW], [3])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        base_probabilities(model, [FEW, FEW], [3, 3])
        base_probabilities(model, [question_text("Tea?", ["Yes", "No"])], [2])


def test_labels_that_cannot_be_told_apart() -> None:
    with pytest.raises(ModelError, match="does not tell the labels A, B, C apart"):
        with_words(unknown="<unk>").option_tokens.sequences("ABC")
