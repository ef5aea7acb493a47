"""Questions to personas, everybody and guests: the numbers of the library, beside what was answered."""

from __future__ import annotations

import numpy as np
import pytest

from personaspace.errors import SurveyError, UnknownNameError
from personaspace.runs.asking import expected
from personaspace.serve.explorer.asking import ask, whom_to_ask
from personaspace.serve.explorer.explored import Explored
from personaspace.serve.explorer.requests import Asked, Point, WhomToAsk
from personaspace.survey.question import Question

NEW = Asked(question="Should the voting age be lowered?", options=["Yes", "No", "Not sure"])


def about(question: Question, **more: object) -> dict[str, object]:
    return {"question": question.text, "options": [option.text for option in question.options], **more}


def test_a_new_question_is_expected_as_the_library_expects_it(explored: Explored) -> None:
    found = ask(explored, NEW)
    poll = expected(explored.new_questions.ask(NEW.question, NEW.options), explored.personas)
    assert [row["name"] for row in found["rows"]] == [*explored.personas.names, "everybody"]
    cells = np.array([row["now"] for row in found["rows"]])
    assert poll.low is not None and poll.high is not None
    for at, table in enumerate((poll.probabilities, poll.low, poll.high)):
        np.testing.assert_allclose(cells[:, :, at], table.to_numpy(), atol=6e-5)
    assert not found["known"] and not found["held_out"]
    assert {row["real"] for row in found["rows"]} == {row["before"] for row in found["rows"]} == {None}


def test_a_pilot_and_a_topline_move_it_and_where_it_was_stays_in_sight(explored: Explored) -> None:
    before = ask(explored, NEW)["rows"]
    people = explored.embedder.ids_[:10]
    lines = "respondent,answer\n" + "\n".join(f"{name},Yes" for name in people)
    told = ask(explored, NEW.model_copy(update={"pilot": lines, "topline": {"Yes": 90.0, "No": 5.0, "Not sure": 5.0}}))
    assert told["pilot"] == {"answers": 10, "blank": 0} and told["topline"]
    for first, then in zip(before, told["rows"], strict=True):
        assert then["before"] == first["now"]
        assert then["now"][0][0] > first["now"][0][0]


def test_a_held_out_question_stands_beside_what_was_answered(explored: Explored) -> None:
    survey = explored.story.split.held_out_questions
    question = survey.questions[0]
    found = ask(explored, Asked.model_validate(about(question)))
    assert found["held_out"] and not found["known"]
    given = survey.answers.where(survey.answers.question == 0)
    weight = survey.weight[given.respondent]
    shares = [weight[given.option == option].sum() / weight.sum() for option in range(len(question.options))]
    everybody = found["rows"][len(explored.personas)]
    assert everybody["answered"] == len(given)
    np.testing.assert_allclose([cell[0] for cell in everybody["real"]], shares, atol=6e-5)
    assert all(low <= share <= high for share, low, high in everybody["real"])
    members = {explored.story.split.train.respondent_index[name] for name in explored.personas[0].members}
    assert found["rows"][0]["answered"] == sum(row in members for row in given.respondent.tolist())


def test_options_in_another_order_keep_their_own_shares(explored: Explored) -> None:
    question = explored.story.split.train.questions[0]
    asked = Asked.model_validate(about(question))
    turned = ask(explored, asked.model_copy(update={"options": asked.options[::-1]}))
    found = ask(explored, asked)
    assert found["known"] and turned["known"]
    for one, other in zip(found["rows"], turned["rows"], strict=True):
        assert one["real"] == other["real"][::-1]
        np.testing.assert_allclose(
            [cell[0] for cell in one["now"]], [cell[0] for cell in other["now"][::-1]], atol=1e-4
        )


def test_guests_are_asked_beside_the_personas(explored: Explored) -> None:
    name, (first, second, _) = explored.embedder.ids_[0], explored.personas.names
    question = explored.embedder.questions_[0]
    guests = [
        Point(respondent=name),
        Point(mix={first: 3, second: 1}),
        Point(answers={question.id: question.options[0].text}),
    ]
    rows = ask(explored, NEW.model_copy(update={"guests": guests}))["rows"][-3:]
    assert [row["name"] for row in rows] == [f"respondent {name}", f"0.75 {first} + 0.25 {second}", "you"]
    asked = explored.new_questions.ask(NEW.question, NEW.options)
    vectors = np.array(
        [
            explored.embedder.respondents_[0],
            0.75 * explored.personas.vectors[0] + 0.25 * explored.personas.vectors[1],
        ],
        np.float32,
    )
    own = asked.predict(vectors).probabilities.to_numpy()
    np.testing.assert_allclose([[cell[0] for cell in row["now"]] for row in rows[:2]], own, atol=1e-4)


def test_people_to_ask_are_named_and_of_a_held_out_question_their_answers(explored: Explored) -> None:
    survey = explored.story.split.held_out_questions
    new = whom_to_ask(explored, WhomToAsk(**NEW.model_dump(), n=7))
    assert len(new["people"]) == 7 and not new["real"]
    assert {one["answer"] for one in new["people"]} == {""}
    held = whom_to_ask(explored, WhomToAsk.model_validate(about(survey.questions[0])))
    assert held["real"] and 0 < len(held["people"]) <= 10
    for one in held["people"]:
        assert survey[one["respondent"]][survey.questions[0].id] == one["answer"]


def test_what_is_known_already_takes_no_pilot_and_strangers_are_named(explored: Explored) -> None:
    known = Asked.model_validate(about(explored.story.split.train.questions[0]))
    with pytest.raises(SurveyError, match="its answers are known already"):
        whom_to_ask(explored, WhomToAsk(**known.model_dump()))
    with pytest.raises(UnknownNameError, match="unknown respondent 'nobody'"):
        ask(explored, NEW.model_copy(update={"pilot": "nobody,Yes"}))
    with pytest.raises(UnknownNameError, match="line 1: unknown option 'Maybe'"):
        ask(explored, NEW.model_copy(update={"pilot": "r01,Maybe"}))
