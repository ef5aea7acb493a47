"""The report of a run: it tells what the run holds, says what it lacks, and no text of a survey does anything in it."""

from __future__ import annotations

import base64
import html
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from itertools import cycle, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import personaspace as ps
from personaspace.evaluation.disclosure import disclosure
from personaspace.reports.page import page as write
from personaspace.reports.story import Words
from personaspace.runs.evaluate import Measured, evaluate_run
from personaspace.runs.fit import fit_run
from personaspace.runs.fitted import FittedRun, open_run
from personaspace.runs.report import report, story_of
from personaspace.runs.run import Run
from personaspace.survey.split_settings import SplitSettings

CONTROLS = "a\x00b\x1fc\uffff"
HOSTILE = (
    '</script><script>document.title="owned"</script>',
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "=HYPERLINK(1)",
    "\u202eevil",
    "\u0643\u0645 \u062a\u062b\u0642",
    "long" * 500,
    CONTROLS,
)
NOTHING_APART = SplitSettings(0, 0, 0)


class Page(HTMLParser):
    """The elements of a page with their attributes, its texts, and addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.text = text
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def shown(self) -> str:
        """All text, in one line."""
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a name."""
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def data(self) -> Any:
        """What the page's script reads."""
        (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', self.text, re.DOTALL)
        return json.loads(found)


def fitted(folder: Path, survey: ps.Survey, personas: int = 2, settings: SplitSettings | None = None) -> FittedRun:
    run = Run.create(folder)
    return fit_run(run, survey, embedder="factorization", personas=personas, settings=settings)


def some_personas(run: FittedRun, count: int) -> ps.Personas:
    """Respondents in so many groups of one or more, whatever they answer."""
    ids, vectors = run.embedder.ids_, run.embedder.respondents_
    return ps.Personas(
        ps.Persona(f"cluster-{n + 1}", "cluster", vectors[n], ids[n::count], len(ids[n::count]) / len(ids))
        for n in range(count)
    )


def with_texts(survey: ps.Survey, texts: Sequence[str]) -> ps.Survey:
    """The survey, with these texts in every place that a stranger may fill."""
    questions = list(survey.questions)
    for at, (question, text) in enumerate(zip(questions, cycle(texts), strict=False)):
        options = (replace(question.options[0], text=text), *question.options[1:])
        questions[at] = replace(question, text=f"{text} {at}", topic=text, options=options)
    traits = survey.traits.rename(columns=dict(zip(survey.traits.columns, texts, strict=False)))
    values = dict(zip(traits.iloc[:, 0].dropna().unique(), texts, strict=False))
    traits.iloc[:, 0] = traits.iloc[:, 0].replace(values)
    return replace(survey, questions=tuple(questions), traits=traits, name=texts[0])


@pytest.fixture(scope="module")
def folder(fitted_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run in which a report may keep its map."""
    return shutil.copytree(fitted_run, tmp_path_factory.mktemp("reported") / "run")


@pytest.fixture(scope="module")
def page(folder: Path) -> Page:
    return Page(report(folder).html)


def test_a_page_holds_every_part(page: Page, folder: Path) -> None:
    run = open_run(folder)
    for title in ("asked of whom", "The map", "The personas", "Questions", "number of personas", "demographic groups",
                  "never saw", "before and after a pilot", "In words", "Limits and disclosure"):  # fmt: skip
        assert title in page.shown
    assert f"{len(run.split.survey.answers):,}" in page.shown
    for persona in run.personas:
        assert re.search(rf"{persona.name} [^.]*stands for", page.shown)
    for label in filter(None, ps.profile(run.personas, run.split.train).labels.values()):
        assert label in page.shown
    for question in run.split.train.questions:
        assert question.text in page.shown
    assert run.personas.notes[0].split(".")[0] in page.shown
    told = disclosure(run.split, run.embedder, when=f"Fitted {date.today().isoformat()}")
    for heading, sentence in told.items():
        assert f"{heading} {sentence}" in page.shown


def test_every_answer_of_every_persona_can_be_looked_up(page: Page, folder: Path) -> None:
    run = open_run(folder)
    train, group = run.split.train, run.personas[0]
    rows = [train.respondent_index[name] for name in group.members]
    answers = train.select(respondents=rows)
    for column, details in enumerate(page.data["details"]):
        given = answers.answers.where(answers.answers.question == column)
        weight = answers.weight[given.respondent]
        for option, (share, low, high) in enumerate(details["answers"][0]):
            assert share == round(1000 * weight[given.option == option].sum() / weight.sum())
            assert low <= share <= high
        assert sum(share for share, _, _ in details["answers"][-1]) == pytest.approx(1000, abs=3)
    assert page.data["groups"] == list(range(len(run.personas)))


def test_the_map_shows_each_training_respondent_once_and_no_id(page: Page, folder: Path) -> None:
    run = open_run(folder)
    survey, layers = run.split.survey, page.data["layers"]
    assert len(layers[0]["codes"]) == len(run.split.train)
    counts = [layers[0]["codes"].count(at) for at in range(len(run.personas))]
    assert counts == [len(persona.members) for persona in run.personas]
    traits = [layer for layer in layers if layer["group"] == "Trait"]
    assert [layer["title"] for layer in traits] == [
        survey.trait_labels.get(name, name) for name in map(str, survey.traits)
    ]
    for name in survey.respondents:
        assert not re.search(rf"\b{name}\b", page.text)


def test_without_individuals_no_one_s_trait_or_answer_is_in_the_page(folder: Path) -> None:
    bare = Page(report(folder, individuals=False).html)
    assert [layer["group"] for layer in bare.data["layers"]] == ["Persona"]
    assert "leaves out what single people are" not in bare.shown


def test_what_a_run_lacks_is_said_with_the_command_that_makes_it(page: Page, tmp_path: Path) -> None:
    assert "personaspace evaluate RUN" in page.shown
    assert "personaspace steer RUN --model smollm2" in page.shown
    survey = ps.simulate(respondents=80, seed=1).select(questions=range(12))
    bare = replace(survey, traits=pd.DataFrame(index=list(survey.respondents)), weights=None)
    one = Page(report(fitted(tmp_path / "one", bare, 1, NOTHING_APART)).html)
    for told in ("has no traits", "no survey weights", "Nothing was set apart", "One persona stands for everybody",
                 "no two personas to compare", "personaspace fit SURVEY --out RUN"):  # fmt: skip
        assert told in one.shown
    assert str(tmp_path) not in one.text


@pytest.fixture(scope="module")
def measured(fitted_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with its own table and rows measured beside it."""
    folder = shutil.copytree(fitted_run, tmp_path_factory.mktemp("measured") / "run")
    evaluate_run(Run.open(folder))
    evaluate_run(Run.open(folder), Measured("majority,own-similar-answer", respondents=5))
    return folder


def test_a_run_is_told_as_it_was_evaluated(measured: Path) -> None:
    results, shown = open_run(measured).results(), Page(report(measured).html).shown
    for name, values in results.summary().items():
        best = str(values.idxmax())
        assert f"{100 * values[best]:.1f}%" in shown
        if best != "majority":
            apart = results.difference(best, "majority", str(name))
            assert f"{100 * apart.value:+.1f} ({100 * apart.low:+.1f} to {100 * apart.high:+.1f})" in shown
    assert "Rows measured beside that table" in shown
    assert "at most 5 respondents of each evaluation set" in shown


def test_how_sure_a_method_is_stands_beside_how_often_it_is_right(measured: Path) -> None:
    results, shown = open_run(measured).results(), Page(report(measured).html)
    curve = next(one for one in results.curves if one.method.startswith("embedder alone"))
    for confidence, right, answers in curve.bins:
        assert f"{100 * confidence:.1f}% {100 * right:.1f}%" in shown.shown
        assert f"{answers:,}" in shown.shown
    names = [svg.get("data-name") for svg in shown.all("svg")]
    assert any(str(name).startswith("reliability of embedder alone") for name in names)
    assert len(names) - names.count(None) == len({*names} - {None})


def test_rows_are_shown_where_the_run_has_no_table_of_its_own(fitted_run: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(fitted_run, tmp_path / "run")
    evaluate_run(Run.open(folder), Measured("majority", known=(1,)))
    shown = Page(report(folder).html).shown
    assert "personaspace evaluate RUN" in shown
    assert "Rows measured beside that table" in shown
    assert "known by 1 answer" in shown


def test_a_run_is_told_as_it_was_steered(steered_run: Path, tmp_path: Path) -> None:
    steered = shutil.copytree(steered_run, tmp_path / "steered")
    assert "personaspace report RUN --words" in Page(report(steered).html).shown
    assert "no chat template" in Page(report(steered, words=True).html).shown


def test_generated_sentences_are_marked(folder: Path) -> None:
    story = story_of(open_run(folder))
    said = pd.DataFrame({"answer": ["Yes"], "text": ["I say <b>yes</b>."]}, index=["cluster-1"])
    words = Words(story.split.held_out_questions.questions[0], "some-model", said)
    shown = Page(write(replace(story, words=words))).shown
    assert "Generated: written by the language model some-model" in shown
    assert "generated I say <b>yes</b>." in shown


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The page of a survey whose texts are hostile."""
    survey = ps.simulate(respondents=80, seed=0).select(questions=range(12))
    return Page(report(fitted(tmp_path_factory.mktemp("hostile") / "run", with_texts(survey, HOSTILE))).html)


def test_no_text_of_a_survey_becomes_part_of_the_page(hostile: Page, page: Page) -> None:
    assert {tag for tag, _ in hostile.elements} <= {tag for tag, _ in page.elements} | {"pre"}
    assert not [name for _, attributes in hostile.elements for name in attributes if name.startswith("on")]
    assert len(hostile.all("script")) == 2
    first = [details["options"][0] for details in hostile.data["details"]]
    assert set(HOSTILE) >= set(first)
    for text in {*first} - {CONTROLS}:
        assert " ".join(text.split()) in hostile.shown
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\uffff]", hostile.text)


def test_nothing_is_loaded_and_only_the_page_s_own_script_runs(page: Page) -> None:
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "poster"):
            address = attributes.get(name) or "#"
            assert address.startswith(("#", "data:text/csv")), (tag, name, address[:80])
    assert not re.search(r"url\(|@import|\bfetch\(|XMLHttpRequest|<link", page.text)
    policy = next(meta["content"] for meta in page.all("meta") if meta.get("http-equiv"))
    assert policy is not None
    assert "default-src 'none'" in policy
    assert re.findall(r"script-src ([^;]+)", policy)[0].startswith("'sha256-")


def test_tables_can_be_saved_and_no_cell_is_a_formula(hostile: Page) -> None:
    files = [a for a in hostile.all("a") if "download" in a]
    contents = [base64.b64decode(str(a["href"]).partition(",")[2]).decode("utf-8-sig") for a in files]
    assert any("'=HYPERLINK(1)" in content for content in contents)
    assert not any(re.search(r'(^|,|")=HYPERLINK', content, re.MULTILINE) for content in contents)


def test_equal_runs_make_equal_pages_and_the_map_is_kept(folder: Path) -> None:
    assert report(folder).html == report(folder).html
    assert (folder / "map" / "points.csv").exists()


def test_every_table_and_picture_can_be_read_aloud(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    assert all(picture.get("aria-label") or picture.get("aria-hidden") for picture in page.all("svg"))
    assert all(heading.get("scope") for heading in page.all("th"))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    targets = {attributes.get("id") for _, attributes in page.elements}
    assert all(str(a["href"])[1:] in targets for a in page.all("a") if str(a["href"]).startswith("#"))


def test_a_notebook_shows_it_in_a_frame_of_its_own(folder: Path, tmp_path: Path) -> None:
    made = ps.report(open_run(folder))
    (frame,) = Page(made._repr_html_()).all("iframe")
    assert frame["srcdoc"] == made.html
    assert html.escape("<main>") in made._repr_html_()
    assert "MB" in repr(made)
    made.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == made.html


@pytest.mark.slow
def test_a_page_for_ten_thousand_people_and_five_hundred_questions_is_below_eight_megabytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    opinions = rng.normal(size=(10_000, 6)) @ rng.normal(size=(6, 500)) + 2 * rng.normal(size=(10_000, 500))
    chosen = np.clip(np.floor((opinions + 5) / 2), 0, 4).astype(np.int64)
    options = tuple(ps.Option(f"agree {at}", at / 4) for at in range(5))
    questions = tuple(ps.Question(f"q{at}", f"Statement {at} " * 8, options, f"topic {at % 12}") for at in range(500))
    rows, columns = np.nonzero(rng.random(chosen.shape) < 0.4)
    traits = pd.DataFrame({f"trait {at}": rng.choice(list("abcdef"), 10_000) for at in range(10)})
    people = tuple(f"p{at}" for at in range(10_000))
    survey = ps.Survey(people, questions, ps.Answers(rows, columns, chosen[rows, columns]), traits)
    assert len(report(fitted(tmp_path / "run", survey, 12)).html.encode()) < 8_000_000
