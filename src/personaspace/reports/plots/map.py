"""Plots of maps: respondents in two dimensions, coloured by persona, trait or answer."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from personaspace.errors import SettingError, unknown
from personaspace.persona.map import NOBODY, Map
from personaspace.persona.method_effects import MAINLY, STYLES
from personaspace.reports.plots.picture import COLORS, FAINT, INK, PLAIN, SHAPES, Plot, along, headed, plain, styled
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

WIDTH, HEIGHT = 720, 600
MOST = 8
"""Values of a trait that have colours of their own; the rarer ones share one."""

SHARED = 0.08
"""Part of what could be shared beyond chance, from which the subtitle names it."""

METHODS = {"tsne": "t-SNE", "umap": "UMAP"}
OTHERS, UNKNOWN, UNANSWERED = "other values", "not known", "not answered"


@dataclass(frozen=True)
class Coloring:
    """The category of every point, the colours of the categories in the order of the legend, and its title."""

    categories: list[str]
    colors: dict[str, str]
    title: str


def map_plot(drawn: Map, color: str = "persona", survey: Survey | None = None) -> Plot:
    """Draw a map; see :func:`personaspace.reports.plots.plot.plot`."""
    found = coloring(drawn, color, survey)
    points = drawn.points.assign(color=found.categories)
    faint = [name for name, value in found.colors.items() if value in (FAINT, PLAIN)]
    points = points.iloc[np.argsort(~points["color"].isin(faint), kind="stable")]
    chosen = alt.selection_point(fields=["color"], bind="legend")
    scale = alt.Scale(domain=list(found.colors), range=list(found.colors.values()))
    wrapped = textwrap.wrap(plain(found.title), 32)
    shape = alt.Scale(domain=list(found.colors), range=_shapes(found.colors))
    dots = (
        alt.Chart(points)
        .mark_point(filled=True, size=max(9.0, min(60.0, 90_000 / len(points))), aria=False)
        .encode(
            x=alt.X("x:Q", axis=None, scale=alt.Scale(zero=False, nice=False, padding=12)),
            y=alt.Y("y:Q", axis=None, scale=alt.Scale(zero=False, nice=False, padding=12)),
            color=alt.Color("color:N", scale=scale, legend=alt.Legend(title=wrapped, symbolSize=90)),
            shape=alt.Shape("color:N", scale=shape, legend=alt.Legend(title=wrapped, symbolSize=90)),
            opacity=alt.when(chosen).then(alt.value(0.7)).otherwise(alt.value(0.05)),
            tooltip=[
                alt.Tooltip("id:N", title="respondent"),
                alt.Tooltip("persona:N", title="persona"),
                alt.Tooltip("color:N", title=plain(color)),
            ],
        )
        .add_params(chosen)
    )
    name = "respondents" if survey is None else survey.name
    simulated = " (simulated respondents)" if survey is not None and survey.simulated else ""
    method, shared, meaning = caption(drawn, {} if survey is None else survey.trait_labels)
    finding = same_trait(drawn, color, found.title) or shared.rstrip(".")
    title = headed(f"{finding}{simulated}", [f"Map of {plain(name)}: {method}", meaning])
    return Plot(styled(alt.layer(dots, *_names(drawn)).properties(width=WIDTH, height=HEIGHT, title=title)))


def check_color(color: str, survey: Survey | None) -> None:
    """Raise the errors of :func:`map_plot` for a colour and a survey."""
    if color == "persona":
        return
    if survey is None:
        raise SettingError(f"no survey to colour by {color!r}: give plot(survey=...) the survey that holds it")
    if color not in survey.traits.columns and color not in survey.question_index:
        raise unknown("trait or question", color, ["persona", *survey.traits.columns, *survey.question_index])


def _shapes(colors: dict[str, str]) -> list[str]:
    """A mark per category: another shape each time a colour is used again."""
    used = list(colors.values())
    return [SHAPES[used[:at].count(color) % len(SHAPES)] for at, color in enumerate(used)]


def caption(drawn: Map, labels: Mapping[str, str]) -> list[str]:
    """Sentences below a map's title: what it shows, what neighbours have in common, and what has no meaning."""
    shown = len(drawn.points)
    sample = "" if shown == drawn.respondents else f", a random sample of {drawn.respondents:,}"
    return [
        f"{METHODS[drawn.method]} of {shown:,} respondents{sample}. Names mark the densest point of each persona.",
        _in_common(drawn.neighbours, labels),
        "Distances between far groups, their sizes and the axes have no meaning.",
    ]


def same_trait(drawn: Map, trait: str, label: str) -> str:
    """How often neighbours have the same value of a trait; empty where that was not measured."""
    shared = drawn.neighbours
    if shared is None:
        return ""
    rows = shared[(shared["what"] == "trait") & (shared["name"] == trait)].to_dict("records")
    name = textwrap.shorten(plain(label), 40, placeholder=" …")
    return next(
        (f"{row['share']:.0%} of neighbours have the same {name} (by chance {row['chance']:.0%})" for row in rows), ""
    )


def _in_common(shared: pd.DataFrame | None, labels: Mapping[str, str]) -> str:
    """What neighbours have in common most: questions asked, a response style, or answers and a trait."""
    if shared is None or shared.empty:
        return "Neighbours answer alike."
    lift = (shared["share"] - shared["chance"]) / (1 - shared["chance"]).clip(lower=1e-9)
    rows = shared.assign(lift=lift).sort_values("lift", ascending=False, kind="stable")
    asked, traits, styles = (rows[rows["what"] == what] for what in ("questions", "trait", "style"))
    sentences = [
        f"Neighbours answered {row['share']:.0%} of the same questions (two people at random {row['chance']:.0%}): the "
        "map mainly shows forms, waves or filters of the questionnaire."
        for row in asked[asked["lift"] >= MAINLY].to_dict("records")
    ]
    if (styles["share"] >= MAINLY).any():
        style = styles["name"][styles["name"] != "styles"].iloc[0]
        sentences.append(
            f"{styles['share'].max():.0%} of what separates people goes with response styles, most with "
            f"{STYLES[style]}: the map mainly shows ways of filling in the questionnaire"
            f"{', or one opinion on all statements' if style == 'same end' else ''}."
        )
    if sentences:
        return " ".join(sentences)
    for row in traits[traits["lift"] >= SHARED].head(1).to_dict("records"):
        trait = textwrap.shorten(plain(labels.get(row["name"], row["name"])), 40, placeholder=" …")
        sentences.append(f"have the same {trait} in {row['share']:.0%} of pairs (by chance {row['chance']:.0%})")
    for row in asked[asked["lift"] >= SHARED].to_dict("records"):
        sentences.append(f"answered {row['share']:.0%} of the same questions (by chance {row['chance']:.0%})")
    return f"Neighbours {' and '.join(['answer alike', *sentences])}."


def _names(drawn: Map) -> list[alt.Chart]:
    """Each persona's name, with a halo so that it can be read over points."""
    placed = alt.Chart(drawn.personas).encode(x="x:Q", y="y:Q", text="persona:N")
    halo = placed.mark_text(
        fontSize=13, fontWeight="bold", stroke="white", strokeWidth=4, strokeJoin="round", opacity=0.9
    )
    return [halo, placed.mark_text(fontSize=13, fontWeight="bold", color=INK)]


def coloring(drawn: Map, color: str, survey: Survey | None) -> Coloring:
    """The categories and colours of a map's points; see :func:`map_plot`."""
    check_color(color, survey)
    if color == "persona" or survey is None:
        return _by_persona(drawn)
    rows = [survey.respondent_index.get(name, -1) for name in drawn.points["id"]]
    if color in survey.traits.columns:
        values = survey.traits[color].astype(object).where(survey.traits[color].notna(), None).tolist()
        order = pd.Categorical(survey.traits[color]).categories  # of text, in alphabetical order
        title = survey.trait_labels.get(color, color)
        return _by_trait([values[row] if row >= 0 else None for row in rows], order, title)
    return _by_answer(rows, survey, survey.question(color))


def _by_persona(drawn: Map) -> Coloring:
    shares = dict(zip(drawn.personas["persona"], drawn.personas["share"], strict=True))
    labels = {
        name: f"{name} ({share:.0%})" if share >= 0.01 else f"{name} ({share:.1%})" for name, share in shares.items()
    }
    colors = {label: COLORS[at % len(COLORS)] for at, label in enumerate(labels.values())}
    if (drawn.points["persona"] == NOBODY).any():
        labels[NOBODY], colors[NOBODY] = NOBODY, FAINT
    return Coloring([labels[name] for name in drawn.points["persona"]], colors, "Persona (share)")


def _by_trait(values: list[str | None], order: Iterable[str], title: str) -> Coloring:
    named = pd.Series([UNKNOWN if value is None else value for value in values])
    counts = named[named != UNKNOWN].value_counts()
    frequent = {*counts.index[:MOST]} if len(counts) > MOST + 1 else {*counts.index}
    common = [value for value in order if value in frequent]
    named = named.where(named.isin([*common, UNKNOWN]), OTHERS)
    colors = dict(zip(common, COLORS, strict=False))
    colors |= {name: gray for name, gray in ((OTHERS, PLAIN), (UNKNOWN, FAINT)) if (named == name).any()}
    return Coloring(named.tolist(), colors, title)


def _by_answer(rows: list[int], survey: Survey, question: Question) -> Coloring:
    at = survey.answers.question == survey.question_index[question.id]
    option = dict(zip(survey.answers.respondent[at].tolist(), survey.answers.option[at].tolist(), strict=True))
    texts = [o.text for o in question.options]
    answers = [texts[option[row]] if row in option else UNANSWERED for row in rows]
    return Coloring(answers, _option_colors(question) | {UNANSWERED: FAINT}, question.text)


def _option_colors(question: Question) -> dict[str, str]:
    """Colours along a scale for ordinal options, else a colour each."""
    if not question.ordinal:
        return {o.text: COLORS[at % len(COLORS)] for at, o in enumerate(question.options)}
    colors = {o.text: PLAIN if o.position is None else along(o.position) for o in question.options}
    return dict(sorted(colors.items(), key=lambda item: item[1] == PLAIN))
