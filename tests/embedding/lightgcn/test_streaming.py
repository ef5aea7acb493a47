from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.lightgcn import model as lightgcn
from personaspace.embedding.lightgcn.graph import Graph
from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.embedding.lightgcn.streaming import StreamTraining
from personaspace.errors import RunError, SurveyError
from personaspace.not_fitted import NotFittedError
from personaspace.survey.simulate import simulate
from personaspace.survey.split import split
from personaspace.survey.storage import write_survey
from personaspace.survey.stream import SurveyBlocks, SurveyStream
from tests.embedding.accuracy import macro_accuracy, majority_accuracy

PARTS = split(simulate(respondents=600, seed=1), held_out_questions=0, seed=0)


@pytest.fixture
def one_block(tmp_path: Path) -> SurveyStream:
    write_survey(PARTS.train, tmp_path / "whole")
    return SurveyStream(tmp_path / "whole")


@pytest.fixture
def stream(tmp_path: Path) -> SurveyStream:
    write_survey(PARTS.train, tmp_path)
    pq.write_table(pq.read_table(tmp_path / "answers.parquet"), tmp_path / "answers.parquet", row_group_size=2500)
    return SurveyStream(tmp_path)


def test_a_stream_of_one_block_is_the_survey(one_block: SurveyStream) -> None:
    streamed, whole = LightGCN(dim=8, epochs=3).fit(one_block), LightGCN(dim=8, epochs=3).fit(PARTS.train)
    np.testing.assert_allclose(streamed.options_, whole.options_, atol=1e-5)
    np.testing.assert_allclose(streamed.respondents_, whole.respondents_, atol=1e-5)
    np.testing.assert_allclose(streamed.messages_, whole.messages_, atol=1e-5)


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
def test_in_the_end_vectors_travel_over_all_blocks(stream: SurveyStream, layers: int) -> None:
    run = StreamTraining(stream, LightGCN(dim=4, layers=layers))
    assert len(stream) > 3
    found = run.finish()
    expected = Graph(PARTS.train, 20.0).propagated(run.options.detach(), layers)
    for one, other in zip(found, expected[1:], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_many_blocks_teach_as_well_as_the_whole(stream: SurveyStream) -> None:
    streamed = LightGCN(dim=16, epochs=60, patience=20).fit(stream)
    assert streamed.ids_ == PARTS.train.respondents
    found, whole = (
        macro_accuracy(embedder, embedder.respondents_, PARTS.held_out_answers)
        for embedder in (streamed, LightGCN(dim=16).fit(PARTS.train))
    )
    assert found > majority_accuracy(PARTS.train, PARTS.held_out_answers) + 0.03
    assert found == pytest.approx(whole, abs=0.02)
    again = LightGCN(dim=16, epochs=60, patience=20).fit(stream)
    np.testing.assert_array_equal(again.respondents_, streamed.respondents_)


def test_a_large_survey_is_learned_from_in_random_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = LightGCN(dim=16).fit(PARTS.train)
    monkeypatch.setattr(lightgcn, "LARGE", 300)
    parts = LightGCN(dim=16, epochs=60, patience=20).fit(PARTS.train)
    assert parts.ids_ == whole.ids_
    found, expected = (
        macro_accuracy(embedder, embedder.respondents_, PARTS.held_out_answers) for embedder in (parts, whole)
    )
    assert found == pytest.approx(expected, abs=0.02)


def test_embedding_into_a_file_is_embedding(stream: SurveyStream, tmp_path: Path) -> None:
    embedder = LightGCN(dim=8, epochs=2).fit(PARTS.train)
    embedder.embed_to(stream, tmp_path / "vectors.npy")
    np.testing.assert_allclose(np.load(tmp_path / "vectors.npy", mmap_mode="r"), embedder.embed(PARTS.train), atol=1e-6)
    with pytest.raises(NotFittedError, match="call fit"):
        LightGCN().embed_to(stream, tmp_path / "other.npy")


def test_embedders_that_need_the_whole_say_so(stream: SurveyStream) -> None:
    with pytest.raises(SurveyError, match=r"SurveyStream.* is a stream, which LightGCN learns from"):
        Factorization().fit(stream)  # type: ignore[arg-type]


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_blocks_of_those_who_do_not_count_count_for_nothing(tmp_path: Path, scale: float) -> None:
    half = len(PARTS.train.respondents) // 2
    survey = replace(PARTS.train, weights=np.where(np.arange(2 * half) < half, 0.0, scale))
    write_survey(survey, tmp_path)
    pq.write_table(pq.read_table(tmp_path / "answers.parquet"), tmp_path / "answers.parquet", row_group_size=2500)
    assert not all(block.weight.any() for block in SurveyStream(tmp_path).blocks())
    model = LightGCN(dim=4, epochs=1, weighted=True, calibrated=False)
    expected = model.fit(survey).bias_
    np.testing.assert_allclose(model.fit(SurveyStream(tmp_path)).bias_, expected, rtol=1e-6)
    np.testing.assert_allclose(StreamTraining(SurveyBlocks(survey, 1), model).bias, expected, rtol=1e-6)
    assert np.isfinite(model.options_).all()


def test_a_stream_in_which_nobody_counts_is_refused(tmp_path: Path) -> None:
    write_survey(PARTS.train, tmp_path)
    people = pq.read_table(tmp_path / "respondents.parquet").to_pandas().assign(weight=0.0)
    people.to_parquet(tmp_path / "respondents.parquet", index=False)
    with pytest.raises(RunError, match="all weights are 0"):
        SurveyStream(tmp_path)
