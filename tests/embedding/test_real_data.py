"""The numbers of docs/embedding.md, a little below what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from personaspace.embedding.registry import make_embedder
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.split import Split, split
from tests.embedding.accuracy import macro_accuracy, majority_accuracy


@pytest.fixture(scope="module")
def parts(data_folder: Path) -> Split:
    return split(read_survey(data_folder / "opinionqa"), held_out_questions=0, seed=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings", "margin"),
    [
        ("committee", {}, 0.095),
        ("ease", {}, 0.08),
        ("gaussian", {}, 0.07),
        ("lightgcn", {}, 0.075),
        ("autoencoder", {}, 0.075),
        ("factorization", {"loss": "cross-entropy"}, 0.05),
        ("factorization", {"loss": "squared"}, 0.025),
    ],
)
def test_opinionqa(parts: Split, name: str, settings: dict[str, str], margin: float) -> None:
    embedder = make_embedder(name, **settings).fit(parts.train)
    assert majority_accuracy(parts.train, parts.held_out_answers) == pytest.approx(0.570, abs=0.005)
    found = macro_accuracy(embedder, embedder.respondents_, parts.held_out_answers)
    assert found > majority_accuracy(parts.train, parts.held_out_answers) + margin
    for k in (1, 5, 20):
        unseen = macro_accuracy(embedder, embedder.embed(parts.known(k)), parts.unseen_held_out)
        assert unseen > majority_accuracy(parts.train, parts.unseen_held_out) - (0.005 if k == 1 else 0)
