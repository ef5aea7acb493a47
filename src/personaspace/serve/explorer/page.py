"""The page of the explorer, built of the pieces of the report: its map, cards, style and escaping of survey texts."""

from __future__ import annotations

from typing import Any

from personaspace.reports.sections.people import cards
from personaspace.reports.sections.space import space
from personaspace.reports.story import Missing
from personaspace.reports.templating import environment, namer, persona_colors
from personaspace.serve.explorer.explored import Explored

QUESTIONS_TO_PLACE = 12
"""Questions after which somebody is placed."""

VOICES = {"steered": "the steered model", "prompted": "a chat model with a system prompt"}


def page(explored: Explored) -> str:
    """Write the page.

    Args:
        explored: The run.

    Returns:
        HTML, in which texts of the survey are escaped; it runs the scripts and styles beside it and nothing else.
    """
    story = explored.story
    found = cards(story)
    drawn = space(story)
    carded = set() if isinstance(found, Missing) else {card["place"] for card in found}
    people = persona_colors(story)
    content = {
        "version": explored.version,
        "layers": [] if isinstance(drawn, Missing) else drawn["layers"],
        "ids": list(explored.embedder.ids_) if isinstance(drawn, Missing) else drawn["ids"],
        "personas": [
            {"name": name, "share": share, "color": color, "label": story.personas[at].label, "card": at in carded}
            for at, name, share, color in people
        ],
        "questions": _questions(explored),
        "voices": [{"name": name, "title": VOICES.get(name, name)} for name in explored.voices],
        "wanted": QUESTIONS_TO_PLACE,
    }
    return (
        environment(__package__)
        .get_template("explorer.html")
        .render(
            survey=story.split.survey,
            personas=people,
            named=namer(story),
            map=drawn,
            cards=found,
            unheard=explored.unheard,
            voices=explored.voices,
            content=content,
        )
    )


def _questions(explored: Explored) -> list[dict[str, Any]]:
    """The survey's questions, to be taken up in place of a new one."""
    return [
        {
            "id": question.id,
            "text": question.text,
            "options": [option.text for option in question.options],
            "topic": question.topic or "",
            "held_out": question.id not in explored.known_columns,
        }
        for question in explored.training.questions
    ]
