"""Labels that a tokenizer writes as one token, behind a space of its own, or as several."""

from __future__ import annotations

import string
import warnings
from itertools import product
from typing import Any, get_args

import pytest
import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

from personaspace.errors import ModelError, SettingError
from personaspace.steer.forward.attach import Attachment, Form, Placement, attach
from personaspace.steer.forward.forward import hidden_after_cue
from personaspace.steer.forward.option_logits import option_logits
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.option_tokens import sequence_logits
from personaspace.steer.model.output import output_logits
from personaspace.steer.model.prompts import LABELS, labels_for, question_text
from tests.steer.conftest import FAMILIES

MANY = question_text("", [str(i) for i in range(28)])
FEW = question_text("Where?", ["Here", "There", "Elsewhere"])
WAYS = [Attachment(p, f, 2) for p, f in product(get_args(Placement), get_args(Form))]


def speaking(*words: str, unknown: str | None = None) -> LanguageModel:
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
    return LanguageModel(model, fast(tokenizer_object=tokenizer), "speaking")


def virtual_tokens(model: LanguageModel, way: Attachment) -> torch.Tensor:
    return torch.randn(2, *way.shape(model), generator=torch.Generator().manual_seed(1)) * 0.5


def full_pass(model: LanguageModel, text: str, label: str) -> float:
    """Log-probability of a label after a text and the cue, token by token in one plain pass."""
    start = torch.cat([model.question_ids(text), model.cue], dim=1)
    whole = torch.cat([model.question_ids(text), model.tokens(f"Answer: {label}", start=False)], dim=1)
    steps = model.model(whole).logits[0].log_softmax(-1)[:-1].gather(1, whole[0, 1:, None])[:, 0]
    assert torch.equal(whole[:, : start.shape[1]], start)
    return float(steps[start.shape[1] - 1 :].sum())


def test_a_space_of_its_own_belongs_to_the_cue() -> None:
    model = speaking("Answer:")
    assert model.tokenizer.convert_ids_to_tokens(model.cue[0].tolist()) == ["Answer:", "\u2581"]
    assert model.tokenizer.convert_ids_to_tokens(model.label_ids.tolist()) == list(LABELS)


@pytest.mark.parametrize(
    ("model", "text", "options"),
    [
        (lambda: speaking("Answer:", "\u2581A", "\u2581B"), FEW, 3),
        (lambda: speaking("Answer:"), MANY, 28),
        (lambda: speaking("Answer:", *(f"\u2581{label}" for label in LABELS)), MANY, 28),
    ],
    ids=["one of three is split", "pairs of letters", "pairs that begin with a word"],
)
def test_labels_of_several_tokens_are_scored_whole(model: Any, text: str, options: int) -> None:
    """Every label's probability is that of all its tokens, as a plain pass over all of them says."""
    model = model()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = model.score([text], [options])[0]
        steered = option_logits(model, model.read(text), virtual_tokens(model, WAYS[0]), WAYS[0], options)
    expected = torch.tensor([full_pass(model, text, label) for label in labels_for(options)])
    torch.testing.assert_close(scores, expected.softmax(-1), atol=1e-6, rtol=1e-4)
    assert steered.shape == (2, options)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.placement}-{way.form}")
def test_whole_labels_behind_virtual_tokens(way: Attachment) -> None:
    """Scored one label at a time in a model whose labels are all words of their own: the same, with gradients."""
    model = speaking("Answer:", *(f"\u2581{label}" for label in LABELS))
    virtual, gradients, logits = virtual_tokens(model, way).requires_grad_(), [], []
    hidden = hidden_after_cue(model, attach(model, model.read(FEW), virtual, way))
    everything = output_logits(model.model, hidden).log_softmax(-1)
    whole = sequence_logits(model.label_sequences(3), lambda _: everything)
    for rows in (option_logits(model, model.read(FEW), virtual, way, 3), whole):
        logits.append(rows.log_softmax(-1))
        gradients.append(torch.autograd.grad(logits[-1][:, 0].sum(), virtual)[0])
    torch.testing.assert_close(*logits, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(*gradients, atol=1e-6, rtol=1e-4)


def test_it_is_said_once() -> None:
    model = speaking("Answer:", "\u2581A", "\u2581B")
    with pytest.warns(UserWarning, match="writes some labels of A to C as several tokens"):
        model.score([FEW], [3])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.score([FEW, FEW], [3, 3])
        model.score([question_text("Tea?", ["Yes", "No"])], [2])


def test_labels_that_cannot_be_told_apart() -> None:
    with pytest.raises(ModelError, match="does not tell the labels A, B, C apart"):
        speaking(unknown="<unk>").label_sequences(3)


def test_more_options_than_labels() -> None:
    with pytest.raises(SettingError, match=r"677 option.s. given: a question takes 2 to 676 with the labels AA to ZZ"):
        labels_for(677)
    with pytest.raises(SettingError, match="takes 2 to 4 with the labels a to d"):
        labels_for(5, "abcd")
