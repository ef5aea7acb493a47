"""What every embedder must do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from personaspace.embedding.base import Embedder
from personaspace.embedding.registry import embedders, load_embedder, make_embedder
from personaspace.errors import NotFittedError, SettingError, SurveyError, UnknownNameError
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate_with_truth
from personaspace.survey.split import Split, split
from personaspace.survey.survey import Survey
from tests.embedding.accuracy import macro_accuracy, majority_accuracy
from tests.embedding.thermometers import thermometers

Make = Callable[..., Embedder]

MAKERS: dict[str, tuple[str, dict[str, object]]] = {
    "autoencoder": ("autoencoder", {"dim": 64}),
    "committee": ("committee", {"dim": 26, "rounds": 1}),
    "lightgcn": ("lightgcn", {"dim": 16, "epochs": 20}),
    "factorization, squared error": ("factorization", {"dim": 4, "learning_rate": 0.01}),
    "factorization, alternating": ("factorization", {"dim": 4, "solver": "alternating"}),
    "factorization, cross-entropy": ("factorization", {"dim": 4, "loss": "cross-entropy"}),
}


@pytest.fixture(scope="module")
def parts() -> Split:
    return split(simulate_with_truth(respondents=600, seed=1).survey, held_out_questions=0, seed=0)


@pytest.fixture(scope="module", params=MAKERS)
def make(request: pytest.FixtureRequest) -> Make:
    name, settings = MAKERS[request.param]
    return lambda **changes: make_embedder(name, **(settings | changes))


@pytest.fixture(scope="module")
def fitted(make: Make, parts: Split) -> Embedder:
    return make().fit(parts.train)


def test_every_embedder_is_tested() -> None:
    assert {name for name, _ in MAKERS.values()} == set(embedders())


def test_predicts_held_out_answers_better_than_the_majority(fitted: Embedder, parts: Split) -> None:
    found = macro_accuracy(fitted, fitted.respondents_, parts.held_out_answers)
    assert found > majority_accuracy(parts.train, parts.held_out_answers) + 0.03


@pytest.mark.parametrize("k", [5, 20])
def test_predicts_unseen_respondents_better_than_the_majority(fitted: Embedder, parts: Split, k: int) -> None:
    found = macro_accuracy(fitted, fitted.embed(parts.known(k)), parts.unseen_held_out)
    assert found > majority_accuracy(parts.train, parts.unseen_held_out) + {5: 0.0, 20: 0.01}[k]


def test_without_answers_predicts_about_as_the_majority(fitted: Embedder, parts: Split) -> None:
    vectors = fitted.embed(parts.known(0))
    assert np.isfinite(vectors).all()
    assert (vectors == vectors[0]).all()
    found = macro_accuracy(fitted, vectors, parts.unseen_held_out)
    assert found == pytest.approx(majority_accuracy(parts.train, parts.unseen_held_out), abs=0.03)


def test_respondents_of_a_persona_lie_closer_than_others(make: Make) -> None:
    truth = simulate_with_truth(respondents=400, seed=2)
    vectors = make().fit(truth.survey).respondents_
    vectors = vectors - vectors.mean(axis=0)
    same = truth.persona[:, None] == truth.persona
    distances = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    np.fill_diagonal(same, False)
    assert distances[same].mean() < 0.9 * distances[~same].mean()


def test_shapes_and_names_follow_the_survey(fitted: Embedder, parts: Split) -> None:
    assert fitted.ids_ == parts.train.respondents
    assert fitted.questions_ == parts.train.questions
    assert fitted.respondents_.shape == (len(parts.train.respondents), fitted.dim)
    assert fitted.options_.shape == (parts.train.offsets[-1], fitted.dim)
    assert {array.dtype for array in (fitted.respondents_, fitted.options_, fitted.bias_)} == {np.dtype(np.float32)}


def test_predictions_are_distributions_per_question(fitted: Embedder, parts: Split) -> None:
    predicted = fitted.predict(fitted.respondents_)
    assert (predicted >= 0).all()
    sums = np.add.reduceat(predicted, parts.train.offsets[:-1], axis=1)
    np.testing.assert_allclose(sums, 1, atol=1e-5)


def test_predict_questions_gives_the_columns_of_predict(fitted: Embedder) -> None:
    vectors, columns = fitted.respondents_[:5], fitted.offsets_
    chosen = [fitted.questions_[7].id, fitted.questions_[2].id]
    predicted = fitted.predict(vectors)
    for j, part in zip([7, 2], fitted.predict_questions(vectors, chosen), strict=True):
        np.testing.assert_allclose(part, predicted[:, columns[j] : columns[j + 1]], atol=1e-6)
    with pytest.raises(UnknownNameError, match="unknown question 'nowhere'"):
        fitted.predict_questions(vectors, ["nowhere"])


def test_numbers_are_expected_near_the_truth(make: Make) -> None:
    survey, warmth = thermometers(respondents=1000)
    fitted = make().fit(survey)
    ids = [f"t{j}" for j in range(warmth.shape[1])]
    expected = fitted.expected_numbers(fitted.respondents_, ids)
    assert expected.shape == warmth.shape
    assert ((expected >= 0) & (expected <= 100)).all()
    error, spread = ((expected - warmth) ** 2).mean(axis=0), warmth.var(axis=0)
    assert (error / spread).mean() < 0.5
    with pytest.raises(SurveyError, match="'c0' is answered with a choice"):
        fitted.expected_numbers(fitted.respondents_, ["c0"])


def test_numbers_are_kept_when_saved(make: Make, tmp_path: Path) -> None:
    survey = thermometers(respondents=60).survey
    fitted = make().fit(survey)
    fitted.save(tmp_path)
    loaded = load_embedder(tmp_path)
    assert loaded.questions_ == survey.questions
    np.testing.assert_array_equal(loaded.embed(survey), fitted.embed(survey))


def test_same_seed_gives_the_same_vectors_and_another_seed_others(fitted: Embedder, make: Make, parts: Split) -> None:
    again = make().fit(parts.train)
    np.testing.assert_array_equal(again.respondents_, fitted.respondents_)
    np.testing.assert_array_equal(again.options_, fitted.options_)
    assert not np.allclose(make(seed=1).fit(parts.train).respondents_, fitted.respondents_)


def test_load_gives_back_what_was_saved(fitted: Embedder, parts: Split, tmp_path: Path) -> None:
    fitted.save(tmp_path / "embedding")
    loaded = load_embedder(tmp_path / "embedding")
    assert type(loaded) is type(fitted)
    assert asdict(loaded) == asdict(fitted)
    assert (loaded.ids_, loaded.questions_) == (fitted.ids_, fitted.questions_)
    np.testing.assert_array_equal(loaded.respondents_, fitted.respondents_)
    known = parts.known(5)
    np.testing.assert_array_equal(loaded.embed(known), fitted.embed(known))
    np.testing.assert_array_equal(loaded.predict(loaded.respondents_), fitted.predict(fitted.respondents_))


def test_the_order_of_answers_and_company_do_not_matter(fitted: Embedder, parts: Split) -> None:
    known = parts.known(20)
    placed = fitted.embed(known)
    shuffled = np.random.default_rng(0).permutation(len(known.answers))
    np.testing.assert_array_equal(fitted.embed(known.with_answers(shuffled)), placed)
    np.testing.assert_allclose(fitted.embed(known.select([7])), placed[[7]], atol=1e-5)
    np.testing.assert_allclose(fitted.embed(known.select([9, 3])), placed[[9, 3]], atol=1e-5)


def test_questions_are_matched_by_id(fitted: Embedder, parts: Split) -> None:
    known = parts.known(20)
    reordered = known.select(questions=np.arange(len(known.questions))[::-1])
    np.testing.assert_allclose(fitted.embed(reordered), fitted.embed(known), atol=1e-5)


def test_unknown_questions_are_ignored(fitted: Embedder, parts: Split) -> None:
    known = parts.known(5)
    extra = Question("elsewhere", "Tea?", (Option("no"), Option("yes")))
    answers = [
        np.append(getattr(known.answers, name), new)
        for name, new in (("respondent", 0), ("question", len(known.questions)), ("option", 1))
    ]
    wider = replace(known, questions=(*known.questions, extra), answers=Answers(*answers))
    np.testing.assert_array_equal(fitted.embed(wider), fitted.embed(known))


def test_other_options_under_a_known_id_are_refused(fitted: Embedder, parts: Split) -> None:
    known = parts.known(5)
    changed = replace(known.questions[0], options=known.questions[0].options[::-1])
    with pytest.raises(SurveyError, match=rf"question {changed.id!r} has the options .* when the embedder was fitted"):
        fitted.embed(replace(known, questions=(changed, *known.questions[1:])))


def test_progress_is_told_once_an_epoch(make: Make, parts: Split) -> None:
    told: list[tuple[int, int, float]] = []
    make(epochs=3).fit(parts.train, on_epoch=lambda *epoch: told.append(epoch))
    epochs = told[0][1]
    assert [(epoch, of) for epoch, of, _ in told] == [(epoch, epochs) for epoch in range(1, epochs + 1)]
    assert told[2][2] < told[0][2]


def test_nothing_to_learn_from(make: Make, parts: Split) -> None:
    with pytest.raises(SurveyError, match=r"1 respondent\(s\).* at least two respondents"):
        make().fit(parts.train.select([0]))
    with pytest.raises(SurveyError, match=r"0 answer\(s\).* one answer"):
        make().fit(parts.train.with_answers(np.zeros(len(parts.train.answers), np.bool_)))


def test_one_answer_is_enough(make: Make) -> None:
    tea = Question("q", "Tea?", (Option("no"), Option("yes")))
    survey = Survey(("ann", "bob"), (tea,), Answers(np.array([0]), np.array([0]), np.array([1])))
    embedder = make().fit(survey)
    assert np.isfinite(embedder.respondents_).all()
    assert embedder.predict(embedder.respondents_)[0].argmax() == 1


@pytest.mark.parametrize(("setting", "value"), [("dim", 0), ("dim", 1.5), ("seed", -1), ("epochs", 0)])
def test_settings_outside_what_is_allowed(make: Make, setting: str, value: float) -> None:
    with pytest.raises(SettingError, match=f"{setting} is {value}: a whole number from"):
        make(**{setting: value})


def test_not_fitted(make: Make, parts: Split, tmp_path: Path) -> None:
    embedder = make()
    for ask in (
        lambda: embedder.embed(parts.train),
        lambda: embedder.predict(np.zeros((1, embedder.dim), np.float32)),
        lambda: embedder.save(tmp_path),
    ):
        with pytest.raises(NotFittedError, match=r"has not learned anything yet: call fit\(survey\) first"):
            ask()


def test_vectors_of_another_length_are_refused(fitted: Embedder) -> None:
    with pytest.raises(SettingError, match=rf"expected \[n, {fitted.dim}\]"):
        fitted.predict(np.zeros((2, fitted.dim + 1), np.float32))
