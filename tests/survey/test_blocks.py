from __future__ import annotations

import numpy as np

from personaspace.survey.simulate import simulate
from personaspace.survey.stream import SurveyBlocks


def test_blocks_are_the_survey_in_another_order() -> None:
    survey = simulate(respondents=60, seed=3)
    dealt = SurveyBlocks(survey, 25)
    assert [len(block.respondents) for block in dealt.blocks()] == [20, 20, 20]
    seen = 0
    for block in dealt.blocks():
        expected = survey.select(dealt.order[seen : seen + 20])
        assert block.respondents == expected.respondents
        found, given = (
            set(
                zip(
                    *(getattr(part.answers, name).tolist() for name in ("respondent", "question", "option")),
                    strict=True,
                )
            )
            for part in (block, expected)
        )
        assert found == given
        np.testing.assert_array_equal(block.weight, expected.weight)
        seen += 20
    assert sorted(dealt.respondents) == sorted(survey.respondents)
    assert [b.respondents for b in dealt.blocks([2, 0])] == [dealt.respondents[40:], dealt.respondents[:20]]
