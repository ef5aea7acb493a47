"""Templates of pages: their environment, style and scripts, and names of personas that a page can change."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from personaspace.reports.colors import on_dark
from personaspace.reports.plots.picture import COLORS, FONT, NO_XML
from personaspace.reports.story import Missing, Story

COLORS_OF = {f"c{at}": color for at, color in enumerate(COLORS)} | {"own": COLORS[0], "plain": "#767676"}
"""The colour of each class of marks: those of pictures, a persona's own, and that of everybody and of baselines."""


@cache
def environment(*packages: str) -> Environment:
    """The environment in which pages are rendered: texts are escaped, and control characters in them replaced.

    Args:
        packages: Packages whose folder ``templates`` is looked in first; the templates of reports come after them.
    """
    loaders = [PackageLoader(package) for package in (*packages, "personaspace.reports")]
    made = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
    )
    made.tests["missing"] = lambda part: isinstance(part, Missing)
    made.globals.update(colors=COLORS_OF, font=FONT)
    return made


def style() -> str:
    """The style sheet of pages."""
    palette = [(name, color, on_dark(color)) for name, color in COLORS_OF.items()]
    return environment().get_template("style.css").render(palette=palette)


def script(names: Sequence[str]) -> str:
    """Scripts among the templates, one after the other."""
    return "\n".join(environment().get_template(f"{name}.js").render() for name in names)


def persona_colors(story: Story) -> list[tuple[int, str, str, str]]:
    """Place, name, share and colour of every persona, the colour as on the map."""
    shown = story.personas.names if isinstance(story.map, Missing) else story.map.personas["persona"].tolist()
    order = {name: place for place, name in enumerate(shown)}
    return [
        (place, persona.name, f"{persona.share:.0%}", f"c{order.get(persona.name, place) % len(COLORS)}")
        for place, persona in enumerate(story.personas)
    ]


def namer(story: Story) -> Callable[[str], Markup]:
    """Make a filter that marks every persona's name in a text of ours, so that the page can show another instead."""
    places = {name: place for place, name in enumerate(story.personas.names)}
    longest = sorted(places, key=len, reverse=True)
    pattern = (
        re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest))})(?![\w-])") if longest else re.compile(r"(?!)")
    )

    def named(text: str) -> Markup:
        parts = pattern.split(text)
        marked = (
            Markup('<span data-p="{}">{}</span>').format(places[part], part) if at % 2 else escape(part)
            for at, part in enumerate(parts)
        )
        return Markup("").join(marked)

    return named


def _clean(value: Any) -> Any:
    """A text in which characters that no page may hold are replaced."""
    if isinstance(value, str) and NO_XML.search(value):
        return type(value)(NO_XML.sub("\N{REPLACEMENT CHARACTER}", value))
    return value
