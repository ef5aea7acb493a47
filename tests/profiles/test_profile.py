"""A profile holds its tables together, writes them, and describes numbers as well as choices."""

from __future__ import annotations

import html
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from personaspace.embedding.factorization.model import Factorization
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.personas import Personas
from personaspace.profiles.profile import profile
from tests.embedding.thermometers import thermometers
from tests.persona.planted import Planted

from .tea import small


def test_personas_are_found_and_described_by_numbers() -> None:
    survey, warmth = thermometers(respondents=600)
    personas = cluster_personas(Factorization(dim=4, learning_rate=0.01).fit(survey), survey, k=3)
    found = profile(personas, survey)
    assert {"t0", "c0"} <= set(found.distinguishing["question"])
    numbers = found.distinguishing[found.distinguishing["question"].str.startswith("t")]
    assert numbers["tv"].between(0, 1).all()
    assert set(found.separating["question"]) == {question.id for question in survey.questions}
    group = np.array([next(k for k, p in enumerate(personas) if name in p.members) for name in survey.respondents])
    between = np.array([warmth[group == k].mean(axis=0) for k in range(3)]).std(axis=0)
    assert between.mean() > 5


def test_a_profile_is_saved_as_tables(tmp_path: Path) -> None:
    personas, survey = small()
    found = profile(personas, survey)
    found.save(tmp_path)
    names = ["cards.csv", "composition.csv", "distinguishing.csv", "separating.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    read = pd.read_csv(tmp_path / "composition.csv", keep_default_na=False)
    pd.testing.assert_frame_equal(read, found.composition, check_dtype=False)
    assert found.card_texts == dict(zip(found.cards["persona"], found.cards["card"], strict=True))


def test_imputed_tables_stand_beside_the_others(planted: Planted, four: Personas, tmp_path: Path) -> None:
    given, imputed = profile(four, planted.survey), profile(four, planted.survey, embedder=planted.embedder)
    assert given.cards.equals(imputed.cards)
    assert set(given.separating["answers"]) == {"given"} and set(imputed.separating["answers"]) == {"imputed"}
    imputed.save_questions(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["distinguishing.csv", "separating.csv"]


def test_a_profile_loads_no_pictures() -> None:
    code = (
        "import sys, personaspace as ps; from tests.profiles.tea import small; ps.profile(*small()); "
        "print({'altair', 'vl_convert'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "set()"  # noqa: S603


def test_a_notebook_shows_whole_cards_and_no_text_is_part_of_it() -> None:
    personas, survey = small()
    found = profile(personas, survey)
    assert all(html.escape(card, quote=False) in found._repr_html_() for card in found.cards["card"])
    found.cards["card"] = "<b>"
    assert "&lt;b&gt;" in found._repr_html_()
