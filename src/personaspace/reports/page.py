"""The page that tells the story of a run: one HTML file that needs no network, prints, and runs no text of a survey."""

from __future__ import annotations

import base64
import hashlib

from markupsafe import Markup

from personaspace.profiles.profile import Profile
from personaspace.profiles.shares import answer_choices, compare
from personaspace.reports.sections.asked import asked
from personaspace.reports.sections.new_question import new_question, words
from personaspace.reports.sections.people import cards, composition
from personaspace.reports.sections.predictions import predictions
from personaspace.reports.sections.questions import questions
from personaspace.reports.sections.reasons import number_of_personas, variance
from personaspace.reports.sections.space import space
from personaspace.reports.story import Story
from personaspace.reports.templating import environment, namer, persona_colors, script, style


def page(story: Story) -> str:
    """Write a report.

    Args:
        story: What it shows.

    Returns:
        HTML. Texts of the survey are escaped, control characters in them replaced, and their direction is found from
        their letters; a content security policy lets no script run but the page's own and no address be loaded.
    """
    shares = None
    if isinstance(story.profile, Profile) and len(story.split.train.answers):
        shares = compare(story.personas, story.split.train, *answer_choices(story.split.train))
    scripts = script(["basics", "map", "pictures", "script"])
    policy = base64.b64encode(hashlib.sha256(scripts.encode()).digest()).decode()
    return (
        environment()
        .get_template("page.html")
        .render(
            survey=story.split.survey,
            personas=persona_colors(story),
            named=namer(story),
            asked=asked(story),
            map=space(story),
            cards=cards(story),
            composition=composition(story),
            questions=questions(story, shares),
            number=number_of_personas(story),
            variance=variance(story),
            predictions=predictions(story),
            new=new_question(story),
            words=words(story),
            made=story.made,
            individuals=story.individuals,
            script=Markup(scripts),  # noqa: S704  (our own)
            policy=policy,
            style=Markup(style()),  # noqa: S704  (our own)
        )
    )
