"""What the curve says, by rule and in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.persona.clustering.choose_k import recommend
from personaspace.persona.clustering.cluster_personas import ClusterPersonas, choose_k
from personaspace.persona.clustering.stability import jaccard
from personaspace.survey.simulate import simulate

LOSS = [1.0, 0.7, 0.4, 0.38, 0.36, 0.34, 0.32]


def curve(respondents: list[float], questions: list[float], smallest: list[int] | None = None) -> pd.DataFrame:
    """The elbow is at 4."""
    return pd.DataFrame(
        {
            "k": range(2, 9),
            "loss": LOSS,
            "silhouette": [0.6, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1],
            "ari_respondents": respondents,
            "ari_questions": questions,
            "smallest": smallest or [90, 80, 70, 60, 50, 40, 30],
        }
    )


def test_the_most_stable_within_two_of_the_elbow() -> None:
    advice = recommend(curve([0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 1.0], [0.5, 0.6, 0.7, 0.8, 0.4, 0.9, 1.0]))
    assert (advice.elbow, advice.silhouette, advice.stability, advice.recommended) == (4, 2, 8, 5)
    assert advice.words == (
        "Recommended: 5 personas. The elbow of the loss is at 4; of 2 to 6, 5 comes back best. Clusters in 5 agree "
        "0.80 with those of other respondents and 0.80 with those of other questions (adjusted Rand index). Clusters "
        "in 4 agree 0.70 with those of other respondents and 0.70 with those of other questions (adjusted Rand "
        "index). Of all numbers 8 comes back best. The silhouette is highest at 2 (0.60): reasonable structure."
    )


def test_ties_go_to_the_smaller_and_too_small_clusters_are_passed_over() -> None:
    even = [0.5] * 7
    assert recommend(curve(even, even)).recommended == 2
    assert recommend(curve(even, even, [1, 1, 50, 50, 1, 1, 1]), least=30).recommended == 4
    assert recommend(curve(even, even, [1] * 7), least=30).recommended == 2


def test_without_other_questions_the_respondents_decide_and_without_both_the_elbow() -> None:
    gaps = [float("nan")] * 7
    advice = recommend(curve([0.1, 0.2, 0.3, 0.4, 0.2, 0.1, 0.1], gaps))
    assert advice.recommended == 5
    assert "questions" not in advice.words
    assert recommend(curve(gaps, gaps)).recommended == 4


def test_every_rule_finds_six_planted_personas() -> None:
    survey = simulate(respondents=800, seed=1)
    space = LightGCN(dim=16, epochs=20).fit(survey)
    chosen = choose_k(space, survey, ks=range(3, 10), by="recommended")
    assert chosen.k == 6
    assert chosen.recommendation[:4] == (6, 6, 6, 6)
    six = chosen.curve.set_index("k").loc[6]
    assert six["ari_respondents"] > 0.9  # measured .98
    assert six["ari_questions"] > 0.65  # measured .77
    assert chosen.words.endswith("Taken here: 6, by the rule recommended.")


def test_the_words_stand_among_the_notes_and_the_choice_is_the_same_in_every_run() -> None:
    survey = simulate(respondents=300, seed=0)
    space = LightGCN(dim=8, epochs=5).fit(survey)
    first, second = (ClusterPersonas("recommended", seed=3).fit(space, survey) for _ in range(2))
    assert first.notes == second.notes
    assert first.notes[0].startswith("Recommended: ")
    assert first.curve is not None and second.curve is not None
    pd.testing.assert_frame_equal(first.curve, second.curve)
    np.testing.assert_array_equal(first.vectors, second.vectors)


def test_jaccard_leaves_out_who_is_in_no_cluster() -> None:
    shared = jaccard(np.array([0, 0, -1, 1]), np.array([1, -1, 1, 0]), np.array([1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_allclose(shared, [[0.0, 1 / 6], [1.0, 0.0]])
