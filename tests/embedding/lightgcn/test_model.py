from __future__ import annotations

import numpy as np
import pytest

from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.errors import UnknownNameError
from personaspace.survey.simulate import simulate


def test_question_nodes_put_a_question_s_options_on_one_line() -> None:
    survey = simulate(respondents=100, seed=0)
    embedder = LightGCN(dim=8, epochs=1, layers=1, nodes="questions").fit(survey)
    for j, question in enumerate(survey.questions):
        block = embedder.options_[survey.offsets[j] : survey.offsets[j + 1]]
        signs = np.nan_to_num(2 * question.positions - 1)
        np.testing.assert_allclose(block, np.outer(signs, block[np.argmax(signs)]), atol=1e-6)


def test_an_unknown_kind_of_nodes_names_its_neighbour() -> None:
    with pytest.raises(UnknownNameError, match="unknown kind of nodes 'option': did you mean 'options'"):
        LightGCN(nodes="option").check()
