"""The explorer in a real browser: every feature clicked through, without an error in its console."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import personaspace as ps
from personaspace.persona.map import Map
from personaspace.runs.fitted import open_run
from tests.browser import as_ever, barriers, find, looked_at, shown, until
from tests.reports.test_page import CONTROLS, HOSTILE, fitted, some_personas, with_texts
from tests.serve.explorer.site import Site, served


def opened(browser: Any, site: Site) -> Any:
    browser.get(site.address)
    return browser


def clean(page: Any) -> None:
    """Nothing may be in the console, the page may not be wider than its window, and nothing came from elsewhere."""
    assert page.get_log("browser") == []
    assert page.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    loaded = page.execute_script("return performance.getEntriesByType('resource').map(entry => entry.name)")
    assert all(name.startswith(("http://127.0.0.1:", "data:", "blob:")) for name in loaded)


@pytest.fixture
def page(browser: Any, site: Site) -> Iterator[Any]:
    yield opened(browser, site)
    clean(browser)


def click(page: Any, query: str) -> None:
    element = until(lambda: find(page, query))
    page.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", element)
    element.click()


def write(page: Any, query: str, text: str) -> None:
    find(page, query).clear()
    find(page, query).send_keys(text)


def enter(page: Any, query: str, value: object) -> None:
    """Set a field as a slider is moved, or text pasted that no key writes."""
    script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"
    page.execute_script(script, find(page, query), value)


def asked(page: Any, question: str) -> bool:
    """Whether the answer to a question is shown."""
    shown_now: str = find(page, "#answer-question").get_attribute("textContent")
    return shown_now == question


def begins(page: Any, text: str) -> bool:
    """Whether the question to whoever places themselves begins so."""
    title: str = find(page, ".interview legend").text
    return title.startswith(text)


def ask(page: Any, question: str = "Should the voting age be lowered?", options: str = "Yes\nNo\nNot sure") -> None:
    click(page, "#tab-ask")
    write(page, "#question", question)
    write(page, "#options", options)
    click(page, "#question-form button.main")
    until(lambda: find(page, "#answer-question").text == question)


def dots(page: Any, kind: str = "now") -> list[str]:
    """Where the marks of one kind in everybody's row are."""
    script = """return [...document.querySelectorAll(`.everybody .${arguments[0]}`)]
      .filter(mark => !mark.hidden).map(mark => mark.style.getPropertyValue("--x"))"""
    found: list[str] = page.execute_script(script, kind)
    return found


def marks(page: Any) -> list[str]:
    return [mark.get_attribute("data-key") for mark in page.find_elements("css selector", "#marks g")]


def test_the_map_leads_to_respondents_and_personas(page: Any, site: Site) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    fitted = open_run(site.folder)
    drawn = Map.load(site.folder / "map")
    ActionChains(page).move_to_element(find(page, "#points circle:nth-child(7)")).click().perform()
    title = until(lambda: find(page, "#person h3").text)
    name = title.removeprefix("respondent ")
    assert name in set(drawn.points["id"])
    for value in fitted.split.survey.traits.loc[name].dropna():
        assert value in find(page, "#person").text
    assert "answers" in find(page, "#person h4").text
    assert marks(page) == ["read"]
    page.execute_script("document.querySelector('#names text').dispatchEvent(new MouseEvent('click', {bubbles: true}))")
    until(lambda: shown(page, "article.card"))
    assert not shown(page, "#person")
    assert marks(page) == []


def test_personas_and_respondents_are_read_by_keyboard(page: Any, site: Site) -> None:
    from selenium.webdriver.common.keys import Keys

    find(page, "#personas button:nth-child(2)").send_keys(Keys.ENTER)
    (card,) = until(lambda: shown(page, "article.card"))
    assert card.find_element("css selector", "h3").text == open_run(site.folder).personas.names[1]
    find(page, "#respondent").send_keys(open_run(site.folder).embedder.ids_[4], Keys.ENTER)
    until(lambda: find(page, "#person h3").text.endswith(open_run(site.folder).embedder.ids_[4]))
    assert not shown(page, "article.card")
    click(page, "#anyone")
    until(lambda: find(page, "#person h3").text)
    write(page, "#respondent", "nobody")
    find(page, "#respondent").send_keys(Keys.ENTER)
    assert "nknown respondent 'nobody'" in until(lambda: find(page, "#person .error").text)
    assert page.get_log("browser")  # the browser's own note of the status 400


def test_a_new_question_is_asked_and_moves_with_a_topline(page: Any) -> None:
    ask(page)
    rows = [row.text for row in page.find_elements("css selector", ".distribution tbody th")]
    assert rows[0].startswith("everybody")
    assert len(rows) == 4
    before = dots(page)
    assert len(before) == 3 and not dots(page, "before") and not dots(page, "real")
    assert "its text alone" in find(page, "#answer-about").text
    click(page, "#topline-box summary")
    for place, share in enumerate(("80", "15")):
        write(page, f"#topline-{place}", share)
    assert "sum to 95" in until(lambda: find(page, "#topline-sum").text)
    write(page, "#topline-2", "5")
    until(lambda: "a topline" in find(page, "#answer-about").text)
    assert float(dots(page)[0]) > 70
    assert dots(page, "before") == before
    click(page, "#topline-clear")
    until(lambda: dots(page) == before)


def test_pasted_answers_move_a_question(page: Any, site: Site) -> None:
    names = open_run(site.folder).embedder.ids_[:10]
    ask(page)
    before = dots(page)
    click(page, "#pilot-box summary")
    write(page, "#pilot", "\n".join(f"{name},Not sure" for name in names))
    click(page, "#pilot-use")
    until(lambda: "10 answers of a pilot" in find(page, "#answer-about").text)
    assert float(dots(page)[2]) > float(before[2])
    click(page, "#pilot-clear")
    until(lambda: dots(page) == before)


def test_a_held_out_question_is_found_labelled_and_ten_people_are_asked(page: Any, site: Site) -> None:
    question = open_run(site.folder).split.held_out_questions.questions[0]
    click(page, "#tab-ask")
    find(page, "#search").send_keys("held out " + question.text)
    assert until(lambda: find(page, "#matches .tag").text) == "held out"
    click(page, "#matches button")
    until(lambda: find(page, "#answer-question").text == question.text)
    assert "held out" in find(page, "#answer-about").text
    assert len(dots(page, "real")) == len(question.options)
    click(page, "#pilot-box summary")
    click(page, "#whom")
    people = until(lambda: page.find_elements("css selector", "#people tbody tr"))
    click(page, "#fill")
    until(lambda: f"{len(people)} answers of a pilot" in find(page, "#answer-about").text)
    answers = find(page, "#pilot").get_attribute("value").splitlines()
    survey = open_run(site.folder).split.held_out_questions
    assert {line.split(",", 1)[0]: line.split(",", 1)[1] for line in answers} == {
        name: survey[name][question.id] for name in (line.split(",", 1)[0] for line in answers)
    }
    assert dots(page, "before") and dots(page) != dots(page, "before")


def test_a_question_that_was_asked_needs_no_evidence(page: Any, site: Site) -> None:
    question = open_run(site.folder).split.train.questions[0]
    ask(page, question.text, "\n".join(option.text for option in question.options))
    assert "its answers are known" in find(page, "#answer-about").text
    assert not shown(page, "#evidence")
    assert len(dots(page, "real")) == len(question.options)


def test_a_composed_persona_stands_on_the_map_and_is_asked(page: Any) -> None:
    click(page, "#tab-compose")
    enter(page, "#weight-0", 75)
    enter(page, "#weight-2", 25)
    assert until(lambda: find(page, "#composed h3").text) == "0.75 cluster-1 + 0.25 cluster-3"
    assert find(page, ".slider output").text == "75%"
    assert marks(page) == ["mix"]
    assert shown(page, "#composed .apart li")
    click(page, "#composed .apart button")
    until(lambda: find(page, "#answer-question").text)
    assert "0.75 cluster-1 + 0.25 cluster-3" in find(page, ".distribution").text
    click(page, "#guests button")
    until(lambda: "0.75" not in find(page, ".distribution").text)
    click(page, "#tab-compose")
    click(page, "#none")
    until(lambda: not page.find_elements("css selector", "#composed h3"))


def test_a_dozen_questions_place_you(page: Any, site: Site) -> None:
    click(page, "#tab-yourself")
    click(page, "#begin")
    first = until(lambda: find(page, ".interview legend").text)
    click(page, ".interview .controls button")  # another question
    until(lambda: find(page, ".interview legend").text != first)
    questions = len(open_run(site.folder).embedder.questions_)
    seen = {first.splitlines()[1]}
    for number in range(1, questions):
        until(partial(begins, page, f"{number} of 12"))
        title = find(page, ".interview legend").text
        assert title.splitlines()[1] not in seen
        seen.add(title.splitlines()[1])
        click(page, ".choices button")
    until(lambda: shown(page, "#placed h3"))
    assert "the persona nearest to you is cluster-" in find(page, "#placed").text
    assert marks(page) == ["you"]
    ask(page)
    assert "you" in [row.text for row in page.find_elements("css selector", ".distribution .guest th")]
    page.refresh()
    assert marks(page) == []
    assert page.execute_script("return localStorage.length + sessionStorage.length + document.cookie.length") == 0


def test_back_takes_the_last_answer_away(page: Any) -> None:
    click(page, "#tab-yourself")
    click(page, "#begin")
    first = until(lambda: find(page, ".interview legend").text)
    click(page, ".choices button")
    until(lambda: find(page, ".interview legend").text.startswith("2 of 12"))
    page.find_elements("css selector", ".interview .controls button")[1].click()
    assert (
        until(
            lambda: find(page, ".interview legend").text.startswith("1 of 12") and find(page, ".interview legend").text
        )
        == first
    )


def test_without_a_language_model_it_is_said_which_command_makes_one(page: Any) -> None:
    click(page, "#tab-chat")
    assert "personaspace steer RUN --model smollm2" in find(page, "#chat").text


def test_a_steered_model_speaks_and_what_it_says_is_marked(browser: Any, own_run: Path) -> None:
    with served(own_run) as site:
        page = opened(browser, site)
        click(page, "#tab-chat")
        assert "Generated" in find(page, "#chat .warning").text
        find(page, "#message").send_keys("What worries you most?\n")
        until(lambda: find(page, "#chat-form button.main").is_enabled() and "Written by" in find(page, "#log").text)
        reply = find(page, "#log .entry.generated")
        assert reply.find_element("css selector", ".tag").text == "generated"
        assert reply.find_element("css selector", "p.generated").text
        page.execute_script(
            "const s = document.getElementById('strength'); s.value = 0; s.dispatchEvent(new Event('input'))"
        )
        click(page, "#chat details summary")
        find(page, "#chat-options").send_keys("Yes\nNo")
        click(page, "#chat-form button.main")
        assert "no chat template" in until(lambda: find(page, "#log .error").text)
        clean(page)


def test_tabs_follow_the_arrow_keys(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    find(page, "#tab-read").send_keys(Keys.ARROW_RIGHT)
    assert page.switch_to.active_element.get_attribute("id") == "tab-ask"
    assert shown(page, "#ask") and not shown(page, "#read")
    page.switch_to.active_element.send_keys(Keys.END)
    assert shown(page, "#chat")
    page.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
    assert shown(page, "#read")


def test_everything_has_a_name_for_screen_readers(page: Any) -> None:
    ask(page)
    script = """return [...document.querySelectorAll("button, input, select, textarea, [role=region], [role=img]")]
      .filter(one => !one.ariaLabel && !one.textContent.trim() && !one.labels?.length)
      .map(one => one.outerHTML)"""
    assert page.execute_script(script) == []
    cell = find(page, ".distribution .everybody td").get_attribute("textContent")
    assert "95% interval" in cell


@pytest.mark.parametrize("width", [390, 1920])
def test_phones_and_walls_show_it_without_scrolling_sideways(page: Any, width: int) -> None:
    looked_at(page, width, dark=False)
    click(page, "#anyone")
    until(lambda: find(page, "#person h3").text)
    ask(page)
    for tab in ("read", "ask", "compose", "yourself", "chat"):
        click(page, f"#tab-{tab}")
        until(lambda: page.execute_script("return document.documentElement.scrollWidth") <= width)
    as_ever(page)


def test_what_is_said_of_a_point_goes_when_the_window_changes(page: Any) -> None:
    page.execute_script("""
      const across = circle => parseFloat(circle.getAttribute("cx"));
      const right = [...document.querySelectorAll("#points circle")].reduce((a, b) => across(a) > across(b) ? a : b);
      const { x, y } = right.getBoundingClientRect();
      document.getElementById("plane").dispatchEvent(new PointerEvent("pointermove", { clientX: x, clientY: y }));
    """)
    assert find(page, "#tip").rect["x"] + find(page, "#tip").rect["width"] > 390
    looked_at(page, 390, dark=False)
    until(lambda: not shown(page, "#tip"))
    assert page.execute_script("return document.documentElement.scrollWidth") == 390
    as_ever(page)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1920])
def test_nothing_bars_anybody_from_any_panel(page: Any, width: int, dark: bool) -> None:
    looked_at(page, width, dark)
    assert barriers(page) == []
    click(page, "#personas button")
    until(lambda: shown(page, "article.card"))
    assert barriers(page) == []
    click(page, "#anyone")
    until(lambda: find(page, "#person h3").text)
    assert barriers(page) == []
    ask(page)
    click(page, "#topline-box summary")
    click(page, "#pilot-box summary")
    click(page, "#whom")
    until(lambda: page.find_elements("css selector", "#people tbody tr"))
    assert barriers(page) == []
    click(page, "#tab-compose")
    click(page, "#even")
    until(lambda: find(page, "#composed h3").text)
    assert barriers(page) == []
    click(page, "#tab-yourself")
    click(page, "#begin")
    until(lambda: find(page, ".interview legend").text)
    assert barriers(page) == []
    click(page, "#tab-chat")
    assert barriers(page) == []
    as_ever(page)


def test_dark_and_light(page: Any) -> None:
    ground: Callable[[], str] = lambda: find(page, "body").value_of_css_property("background-color")  # noqa: E731
    before = ground()
    click(page, "#theme")
    assert ground() != before


def test_a_run_fitted_again_is_said_and_the_page_reloaded(browser: Any, explored_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(explored_folder, tmp_path / "run")
    with served(folder) as site:
        page = opened(browser, site)
        assert not shown(page, "#changed")
        survey = ps.simulate(respondents=70, seed=1).select(questions=range(12))
        fitted(folder, survey)
        click(page, "#anyone")
        until(lambda: shown(page, "#changed"))
        assert "fitted again" in find(page, "#changed").text
        page.get_log("browser")  # the browser's own note of the status 409
        click(page, "#reload")
        until(lambda: len(page.find_elements("css selector", "#personas button")) == 2)
        click(page, "#anyone")
        until(lambda: find(page, "#person h3").text)
        clean(page)


def test_hostile_texts_of_a_survey_do_nothing(browser: Any, tmp_path: Path) -> None:
    survey = with_texts(ps.simulate(respondents=80, seed=0).select(questions=range(12)), HOSTILE)
    fitted(tmp_path / "run", survey)
    with served(tmp_path / "run") as site:
        page = opened(browser, site)
        elements = (
            "return [document.scripts.length, document.images.length, document.querySelectorAll('[onerror]').length]"
        )
        begun = page.execute_script(elements)
        assert begun[1:] == [0, 0]
        click(page, "#personas button")
        click(page, "#anyone")
        until(lambda: find(page, "#person h3").text)
        click(page, "#tab-ask")
        for text in set(HOSTILE) - {CONTROLS}:
            question = next(one for one in survey.questions if one.text.startswith(text))
            enter(page, "#search", " ".join(question.text.split())[-60:])
            click(page, "#matches button")
            until(partial(asked, page, question.text))
            assert text in find(page, ".distribution thead").get_attribute("textContent")
        click(page, "#tab-yourself")
        click(page, "#begin")
        until(lambda: find(page, ".interview legend").text)
        assert page.execute_script(elements) == begun
        assert "owned" not in page.title.removeprefix("Explore " + HOSTILE[0])
        clean(page)


@pytest.mark.parametrize("count", [1, 60])
def test_one_persona_or_sixty_without_traits_and_long_questions(browser: Any, tmp_path: Path, count: int) -> None:
    survey = ps.simulate(respondents=140, seed=0).select(questions=range(12))
    long = [replace(question, text=f"{question.text} " * (2000 // len(question.text))) for question in survey.questions]
    run = fitted(tmp_path / "run", ps.Survey(survey.respondents, tuple(long), survey.answers))
    run.run.stage("personas", {}, ("survey", "embedding"), some_personas(run, count).save)
    with served(tmp_path / "run") as site:
        page = opened(browser, site)
        click(page, "#anyone")
        assert "The survey has no traits" in until(lambda: find(page, "#person").text)
        click(page, "#personas button:last-child")
        until(lambda: shown(page, "article.card") or shown(page, "#person .apart li"))
        ask(page, " ".join(["\u0645\u0627 \u0631\u0623\u064a\u0643\u061f"] * 200), "\u0646\u0639\u0645\n\u0644\u0627")
        assert len(page.find_elements("css selector", ".distribution .persona")) == count
        click(page, "#tab-compose")
        click(page, "#even")
        until(lambda: find(page, "#composed h3").text)
        clean(page)
