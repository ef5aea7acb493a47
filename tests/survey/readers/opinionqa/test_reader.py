from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from personaspace.errors import SurveyError, UnknownNameError
from personaspace.survey.readers.opinionqa.reader import TRAITS, read_opinionqa
from personaspace.survey.readers.registry import read_survey
from tests.survey.sources import person, question, write_rows


def wave_of(root: Path, name: str) -> Path:
    return root / "human_resp" / f"American_Trends_Panel_{name}"


def test_waves_are_joined_on_the_respondent_oldest_first(opinionqa: Path) -> None:
    survey = read_survey(opinionqa)
    assert survey.respondents == ("1", "2", "3")
    assert [q.id for q in survey.questions] == ["FIT_W2", "PET_W2", "LIFE_W10"]
    assert survey.name == "OpinionQA W2, W10"
    given = {(survey.respondents[i], survey.questions[j].id, o) for i, j, o in triples(opinionqa)}
    assert given == {("1", "FIT_W2", 1), ("1", "PET_W2", 1), ("3", "LIFE_W10", 0), ("1", "LIFE_W10", 2)}


def triples(root: Path) -> list[tuple[int, int, int]]:
    answers = read_survey(root).answers
    return list(zip(answers.respondent, answers.question, answers.option, strict=True))


def test_refusals_are_no_answers(opinionqa: Path) -> None:
    survey = read_survey(opinionqa)
    assert (survey.refusals.respondent.tolist(), survey.refusals.question.tolist()) == ([1], [0])


def test_positions_follow_the_ordinal_list(opinionqa: Path) -> None:
    fit, pet, life = read_survey(opinionqa).questions
    assert [o.position for o in fit.options] == [0.0, 1.0, None]
    assert not pet.ordinal
    assert [o.position for o in life.options] == [0.0, 1.0, 0.5]


def test_topics_are_the_first_coarse_one_where_known(opinionqa: Path) -> None:
    assert [q.topic for q in read_survey(opinionqa).questions] == ["belonging", None, None]


def test_traits_are_the_latest_known_and_weights_the_mean_over_waves(opinionqa: Path) -> None:
    survey = read_survey(opinionqa)
    assert list(survey.traits) == list(TRAITS)
    assert survey.traits["AGE"].fillna("?").tolist() == ["30-49", "65+", "?"]
    assert survey.traits.loc["1", "SEX"] == "Male"
    by_hand = [(0.5 + 1) / 2, 1.5, 1]
    assert survey.weight.tolist() == pytest.approx([w / (3.25 / 3) for w in by_hand])


def test_values_of_traits_keep_the_order_of_the_waves(opinionqa: Path) -> None:
    assert not isinstance(read_survey(opinionqa).traits["AGE"].dtype, pd.CategoricalDtype)
    row = {"": "1", "key": "AGE", "options": "['65+', '50-64', '18-29']"}
    write_rows(wave_of(opinionqa, "W10") / "metadata.csv", [row, row | {"key": "F_ELSE", "options": "None"}])
    survey = read_survey(opinionqa)
    assert survey.traits["AGE"].cat.categories.tolist() == ["65+", "30-49"]
    assert survey.traits["AGE"].astype(object).fillna("?").tolist() == ["30-49", "65+", "?"]
    assert survey.trait_labels["RELIGATTEND"] == "religious attendance"
    write_rows(wave_of(opinionqa, "W10") / "metadata.csv", [row | {"options": "65+"}])
    with pytest.raises(SurveyError, match=r"metadata.csv: 'AGE' holds '65\+' where a list of texts was expected"):
        read_survey(opinionqa)
    write_rows(wave_of(opinionqa, "W10") / "metadata.csv", [{"key": "AGE"}])
    with pytest.raises(SurveyError, match=r"metadata.csv lacks the column 'options': restore or remove the file"):
        read_survey(opinionqa)


def test_any_of_the_three_folders_will_do(opinionqa: Path) -> None:
    assert read_survey(opinionqa / "human_resp").equals(read_survey(opinionqa))
    assert [q.id for q in read_survey(wave_of(opinionqa, "W10")).questions] == ["LIFE_W10"]


def test_waves_can_be_chosen(opinionqa: Path) -> None:
    assert read_opinionqa(opinionqa, waves=["W10"]).respondents == ("3", "1")
    with pytest.raises(UnknownNameError, match="unknown OpinionQA wave 'W11'"):
        read_opinionqa(opinionqa, waves=["W11"])


def test_several_wordings_under_one_key_are_one_question_with_a_warning(opinionqa: Path) -> None:
    info = wave_of(opinionqa, "W10") / "info.csv"
    options = ["Better", "Worse", "neither better nor worse"]
    write_rows(info, [question("LIFE_W10", f"And {of} life?", options, [1, 2, 1.5]) for of in ("his", "your")])
    with pytest.warns(UserWarning, match="LIFE_W10 has several wordings"):
        survey = read_survey(opinionqa)
    assert survey.question("LIFE_W10").text == "And your life?"


def test_questions_without_responses(opinionqa: Path) -> None:
    with pytest.raises(SurveyError, match=r"1 OpinionQA wave\(s\) but no responses.csv"):
        read_survey(wave_of(opinionqa, "W11"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"LIFE_W10": "Splendid"}, r"'LIFE_W10': 1 row\(s\) hold 'Splendid'.*\('Better', 'Worse'"),
        ({"WEIGHT_W10": ""}, "respondent '9' has no weight"),
        ({"WEIGHT_W10": "-1"}, "respondent '9' has weight '-1'"),
    ],
)
def test_responses_that_do_not_fit(opinionqa: Path, changes: dict[str, str], says: str) -> None:
    row = person("9", "W10", "1", {}, {"LIFE_W10": "Better"}) | changes
    write_rows(wave_of(opinionqa, "W10") / "responses.csv", [row])
    with pytest.raises(SurveyError, match=says):
        read_survey(opinionqa)


def test_a_respondent_twice_in_a_wave(opinionqa: Path) -> None:
    row = person("9", "W10", "1", {}, {"LIFE_W10": "Better"})
    write_rows(wave_of(opinionqa, "W10") / "responses.csv", [row, row])
    with pytest.raises(SurveyError, match="respondent '9' has more than one row"):
        read_survey(opinionqa)


def test_damaged_files(opinionqa: Path) -> None:
    wave = wave_of(opinionqa, "W10")
    write_rows(wave / "responses.csv", [{"QKEY": "1"}])
    with pytest.raises(SurveyError, match=r"lacks 14 column\(s\), first 'WEIGHT_W10'"):
        read_survey(opinionqa)
    row = question("LIFE_W10", "And life?", ["Better", "Worse"], [1, 2])
    write_rows(wave / "info.csv", [row | {"references": "__import__('os')"}])
    with pytest.raises(SurveyError, match=r"'LIFE_W10' holds .* where a list of texts was expected"):
        read_survey(opinionqa)
    write_rows(wave / "info.csv", [row | {"option_ordinal": "[1, 2, 3]"}])
    with pytest.raises(SurveyError, match="3 ordinal positions for 2 options"):
        read_survey(opinionqa)
    write_rows(wave / "info.csv", [{"key": "LIFE_W10"}])
    with pytest.raises(SurveyError, match="lacks the column 'question'"):
        read_survey(opinionqa)
    (opinionqa / "human_resp" / "topic_mapping.json").write_text("{")
    with pytest.raises(SurveyError, match=r"topic_mapping.json does not hold topics"):
        read_survey(opinionqa)


def test_the_real_five_waves(data_folder: Path) -> None:
    survey = read_opinionqa(data_folder / "opinionqa", waves=["W26", "W27", "W41", "W42", "W49"])
    assert len(survey.respondents) == 9_076
    assert len(survey.questions) == 491
    assert len(survey.answers) + len(survey.refusals) == 1_296_280
    assert len(survey.refusals) == 13_151
    assert survey.weight.mean() == pytest.approx(1)
    assert all(q.topic for q in survey.questions)
    assert sum(not q.ordinal for q in survey.questions) == 6
    offside = [q for q in survey.questions if q.ordinal and np.isnan(q.positions).any()]
    assert len(offside) == 11


def test_the_answer_none_survives_in_the_real_data(data_folder: Path) -> None:
    survey = read_opinionqa(data_folder / "opinionqa", waves=["W26", "W27", "W41", "W42", "W49"])
    nodes = [option.text == "None" for question in survey.questions for option in question.options]
    assert survey.option_counts()[np.array(nodes)].sum() > 2_000
