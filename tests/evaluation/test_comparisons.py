"""The differences that a command prints."""

from __future__ import annotations

import pytest

from personaspace.evaluation.comparisons import main_comparisons
from personaspace.evaluation.results import Results


def test_the_steered_model_is_compared_with_the_majority_and_the_embedder_alone(results: Results) -> None:
    compared = main_comparisons(results, "macro_accuracy")
    alone = "embedder alone: factorization"
    at = "held-out answers"
    assert {f"{at}: individual - majority", f"{at}: individual - {alone}"} <= set(compared.index)
    gain = results.value(at, "individual") - results.value(at, "majority")
    assert compared.loc[f"{at}: individual - majority", "difference"] == pytest.approx(gain, abs=1e-6)
    assert any(name.startswith("held-out questions: individual - question prior") for name in compared.index)


def test_a_difference_turned_round_changes_its_sign(results: Results) -> None:
    one = results.difference("individual", "majority", "held-out answers", "log_loss")
    other = results.difference("majority", "individual", "held-out answers", "log_loss")
    assert (other.value, other.low, other.high, other.p) == (-one.value, -one.high, -one.low, one.p)
    assert one.low <= one.value <= one.high
    with pytest.raises(KeyError, match="guessing"):
        results.difference("individual", "guessing", "held-out answers")


def test_summary_methods_are_compared_in_pairs_on_every_set(results: Results) -> None:
    shown = results.summary("log_loss").notna().sum()
    rows = results.differences.query("metric == 'log_loss' and not weighted")
    assert rows.groupby("split").size().to_dict() == (shown * (shown - 1) // 2).to_dict()
    assert rows["p"].between(2 / 1001, 1).all()
