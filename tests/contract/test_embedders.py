"""What every embedder must do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

from personaspace.embedding.base import Embedder
from personaspace.embedding.committee import Committee
from personaspace.embedding.factorization.model import Factorization
from personaspace.embedding.registry import embedders, load_embedder, make_embedder
from personaspace.errors import SettingError, SurveyError, UnknownNameError
from personaspace.evaluation.measures.metrics import log_loss
from personaspace.evaluation.rows.baselines import embedder_alone, majority
from personaspace.not_fitted import NotFittedError
from personaspace.survey.answers import Answers
from personaspace.survey.question import Option, Question
from personaspace.survey.simulate import simulate, simulate_with_truth
from personaspace.survey.split import Split, split
from personaspace.survey.survey import Survey
from personaspace.survey.validation import validation_mask
from tests.embedding.accuracy import macro_accuracy, majority_accuracy
from tests.embedding.thermometers import thermometers

Make = Callable[..., Embedder]

MAKERS: dict[str, tuple[str, dict[str, object]]] = {
    "autoencoder": ("autoencoder", {"dim": 64}),
    "committee": ("committee", {"dim": 52}),
    "ease": ("ease", {"dim": 64}),
    "gaussian": ("gaussian", {"dim": 16}),
    "lightgcn": ("lightgcn", {"dim": 16, "epochs": 20}),
    "factorization, squared error": ("factorization", {"dim": 4, "learning_rate": 0.01}),
    "factorization, alternating": ("factorization", {"dim": 4, "solver": "alternating"}),
    "factorization, cross-entropy": ("factorization", {"dim": 4, "loss": "cross-entropy"}),
    "factorization, cross-entropy, alternating": (
        "factorization",
        {"dim": 4, "loss": "cross-entropy", "solver": "alternating"},
    ),
}


DRAWS_NOTHING = {"ease", "gaussian"}


@pytest.fixture(scope="module")
def parts() -> Split:
    return split(simulate_with_truth(respondents=600, seed=1).survey, held_out_questions=0, seed=0)


@pytest.fixture(scope="module", params=MAKERS)
def make(request: pytest.FixtureRequest) -> Make:
    """Makes it with the changes that it has settings for."""
    name, settings = MAKERS[request.param]
    has = make_embedder(name).get_params()
    return lambda **changes: make_embedder(
        name, **(settings | {key: value for key, value in changes.items() if key in has})
    )


@pytest.fixture(params=MAKERS)
def usual(request: pytest.FixtureRequest) -> Embedder:
    """With its usual settings, but for the form of the loss."""
    name, settings = MAKERS[request.param]
    return make_embedder(name, **{key: settings[key] for key in ("loss", "solver") if key in settings})


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


@pytest.mark.parametrize("seed", range(6))
def test_a_handful_of_answers_is_not_believed(usual: Embedder, seed: int) -> None:
    """20 people with 5 questions: there may be no validation answer at all to calibrate by."""
    assert behind_majority(usual, respondents=20, questions=5, seed=seed) < 0.2


def test_a_small_survey_is_predicted_as_well_as_by_the_majority(usual: Embedder) -> None:
    """Squared error learns nothing from so little, and its calibration a little noise."""
    learns_nothing = isinstance(usual, Factorization) and (usual.loss, usual.solver) == ("squared", "gradient")
    assert behind_majority(usual, respondents=300, questions=20, seed=0) < (0.02 if learns_nothing else 0)


def behind_majority(embedder: Embedder, respondents: int, questions: int, seed: int) -> float:
    """By how many nats an embedder's log-loss on held-out answers exceeds the majority's."""
    survey = simulate(respondents=respondents, seed=seed)
    chosen = np.random.default_rng(seed).permutation(60)[:questions]
    parts = split(survey.select(questions=sorted(chosen)), held_out_questions=0, seed=seed)
    embedder.fit(parts.train)
    own = embedder_alone(embedder, embedder.respondents_, parts.held_out_answers)
    return float(log_loss(own)) - float(log_loss(majority(parts.train, parts.held_out_answers)))


def test_respondents_of_a_persona_lie_closer_than_others(make: Make) -> None:
    truth = simulate_with_truth(respondents=400, seed=2)
    vectors = make().fit(truth.survey).respondents_
    vectors = vectors - vectors.mean(axis=0)
    same = truth.persona[:, None] == truth.persona
    distances = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    np.fill_diagonal(same, False)
    assert distances[same].mean() < 0.9 * distances[~same].mean()


def test_respondents_are_where_all_their_answers_put_them(fitted: Embedder, parts: Split) -> None:
    np.testing.assert_array_equal(fitted.respondents_, fitted.embed(parts.train))


def test_options_are_learned_without_the_validation_answers(make: Make, parts: Split) -> None:
    """But for calibration and when training stops; after one epoch there is no choice."""
    if isinstance(make(), Committee):
        pytest.skip("its weights are a calibration")
    survey = parts.train
    opposite = np.diff(survey.offsets)[survey.answers.question] - 1 - survey.answers.option
    option = np.where(validation_mask(survey), opposite, survey.answers.option)
    raw = {"calibrated": False} if "calibrated" in make().get_params() else {}
    fitted, changed = (
        make(epochs=1, **raw).fit(replace(survey, answers=replace(survey.answers, option=one)))
        for one in (survey.answers.option, option)
    )
    np.testing.assert_array_equal(fitted.options_, changed.options_)
    assert not np.array_equal(fitted.respondents_, changed.respondents_)


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


def test_blocks_are_predicted_as_the_whole(fitted: Embedder) -> None:
    vectors = fitted.respondents_[:50]
    whole = np.full((50, fitted.offsets_[-1]), np.nan, np.float32)
    for rows, part in fitted.predict_blocks(vectors, size=7):
        assert len(part) <= 7
        whole[rows] = part
    np.testing.assert_allclose(whole, fitted.predict(vectors), atol=1e-6)


def test_option_log_odds_say_what_predict_says(fitted: Embedder) -> None:
    ids = [question.id for question in fitted.questions_]
    weights, offsets, vectors = fitted.option_log_odds(ids), fitted.offsets_, fitted.respondents_[:50]
    assert weights.shape == (offsets[-1], 1 + fitted.dim)
    assert weights.dtype == np.float64
    np.testing.assert_allclose(np.add.reduceat(weights, offsets[:-1]), 0, atol=1e-9)
    odds = np.exp(np.column_stack([np.ones(50), vectors]) @ weights.T)
    softmax = odds / np.repeat(np.add.reduceat(odds, offsets[:-1], axis=1), np.diff(offsets), axis=1)
    np.testing.assert_allclose(softmax, fitted.predict(vectors), atol=1e-5)
    np.testing.assert_array_equal(fitted.option_log_odds(ids[7:8]), weights[offsets[7] : offsets[8]])


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
    other = make(seed=1).fit(parts.train)
    assert np.allclose(other.respondents_, fitted.respondents_) == (fitted.name in DRAWS_NOTHING)


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


def test_progress_is_reported_once_an_epoch(make: Make, parts: Split) -> None:
    if "epochs" not in make().get_params():
        pytest.skip("it learns in one step")
    reports: list[tuple[int, int, float]] = []
    make(epochs=3).fit(parts.train, on_epoch=lambda *report: reports.append(report))
    epochs = reports[0][1]
    assert [(epoch, of) for epoch, of, _ in reports] == [(epoch, epochs) for epoch in range(1, epochs + 1)]
    assert reports[2][2] < reports[0][2]


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


BAD = [("dim", 0), ("dim", 1.5), ("seed", -1), ("epochs", 0)]


@pytest.mark.parametrize(("setting", "value"), BAD)
def test_bad_settings_are_refused_before_anything_is_read(make: Make, setting: str, value: float) -> None:
    if setting not in make().get_params():
        pytest.skip("it has no such setting")
    with pytest.raises(SettingError, match=f"{setting} is {value}: give a whole number from"):
        make(**{setting: value})


@pytest.mark.parametrize(("setting", "value"), BAD)
def test_bad_settings_are_refused_by_fit_and_not_by_the_constructor(
    make: Make, parts: Split, setting: str, value: float
) -> None:
    if setting not in make().get_params():
        pytest.skip("it has no such setting")
    embedder = type(make())(**(make().get_params() | {setting: value}))
    changed = make().set_params(**{setting: value})
    attribute = make()
    setattr(attribute, setting, value)
    for bad in (embedder, changed, attribute):
        with pytest.raises(SettingError, match=f"{setting} is {value}: give a whole number from"):
            bad.fit(parts.train)


def test_unknown_settings_are_refused_and_change_nothing(make: Make) -> None:
    embedder = make()
    with pytest.raises(UnknownNameError, match=f"unknown setting of {embedder.name} 'seeds': did you mean 'seed'"):
        embedder.set_params(dim=7, seeds=2)
    assert embedder.get_params() == make().get_params()


def test_settings_are_read_and_changed_as_in_scikit_learn(fitted: Embedder, make: Make, parts: Split) -> None:
    copy = clone(fitted)
    assert type(copy) is type(fitted)
    assert copy.get_params() == fitted.get_params() == asdict(fitted)
    with pytest.raises(NotFittedError):
        copy.predict(fitted.respondents_)
    dim = 2 * fitted.dim
    assert copy.set_params(seed=1, dim=dim) is copy
    copy.fit(parts.train)
    assert copy.respondents_.shape[1] == dim
    expected = make(seed=1, dim=dim).fit(parts.train)
    np.testing.assert_array_equal(copy.respondents_, expected.respondents_)
    np.testing.assert_array_equal(copy.predict(copy.respondents_), expected.predict(expected.respondents_))


def test_a_changed_length_is_used_by_the_next_fit_only(make: Make, parts: Split) -> None:
    few = parts.train.select(np.arange(40))
    embedder, dim = make(epochs=1).fit(few), make().dim
    embedder.set_params(dim=2 * dim)
    assert embedder.predict(embedder.respondents_).shape == (40, few.offsets[-1])
    assert embedder.embed(few).shape == (40, dim)
    assert embedder.fit(few).embed(few).shape == (40, 2 * dim)


def test_not_fitted(make: Make, parts: Split, tmp_path: Path) -> None:
    embedder = make()
    for ask in (
        lambda: embedder.embed(parts.train),
        lambda: embedder.predict(np.zeros((1, embedder.dim), np.float32)),
        lambda: list(embedder.predict_blocks(np.zeros((1, embedder.dim), np.float32))),
        lambda: embedder.option_log_odds([]),
        lambda: embedder.save(tmp_path),
    ):
        with pytest.raises(NotFittedError, match=r"has not learned anything yet: call fit\(survey\) first"):
            ask()


def test_vectors_of_another_length_are_refused(fitted: Embedder) -> None:
    with pytest.raises(SettingError, match=rf"expected \[n, {fitted.dim}\]"):
        fitted.predict(np.zeros((2, fitted.dim + 1), np.float32))


@pytest.fixture(scope="module")
def tiny() -> Survey:
    return simulate_with_truth(respondents=20, seed=0).survey.select(questions=range(5))


EXTREMES: list[dict[str, object]] = [
    {"dim": 26},
    {"dim": 260},
    {"epochs": 1},
    {"epochs": 60, "patience": 10**9},
    {"layers": 10},
    {"prior": 1e-9},
    {"prior": 999_999.0},
    {"dropout": 1 - 1e-12},
    {"dropout": 1e-12},
    {"hidden": (1e-12, 1 - 1e-12)},
    {"hidden": (1 - 1e-12, 1 - 1e-12)},
    {"learning_rate": 1e-12},
    {"learning_rate": 9.99},
    {"ordinal": 999.0},
    {"weighted": True},
]


def applicable(make: Make, settings: list[dict[str, object]]) -> list[dict[str, object]]:
    """Those that the embedder has."""
    return [one for one in settings if one.keys() <= make().get_params().keys()]


def test_every_allowed_setting_gives_numbers_on_a_tiny_survey(make: Make, tiny: Survey) -> None:
    weighted = replace(tiny, weights=np.geomspace(1e-6, 1e6, 20))
    for extreme in applicable(make, EXTREMES):
        try:
            embedder = make(**extreme).fit(weighted)
        except SettingError as error:
            assert len(str(error)) < 500
            continue
        assert all(np.isfinite(array).all() for array in embedder.state().values()), extreme
        assert embedder.predict(embedder.embed(tiny)).sum(axis=1) == pytest.approx(5, abs=1e-4), extreme


def test_the_largest_seed_is_allowed(make: Make, tiny: Survey) -> None:
    assert np.isfinite(make(seed=2**32 - 1, epochs=2).fit(tiny).respondents_).all()


WRONG: list[dict[str, object]] = [
    {"seed": 2**32},
    {"seed": "one"},
    {"dropout": "0.5"},
    {"prior": None},
    {"prior": 2e6},
    {"hidden": (0, 1)},
    {"hidden": 0.5},
    {"hidden": (0.2,)},
    {"nodes": None},
    {"loss": None},
    {"solver": 5},
    {"learning_rate": "fast"},
]


def test_what_is_not_allowed_is_said_in_a_line(make: Make, tiny: Survey) -> None:
    for wrong in applicable(make, WRONG):
        with pytest.raises((SettingError, UnknownNameError), match=next(iter(wrong))):
            make(**wrong).fit(tiny)
