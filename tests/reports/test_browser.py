"""The report in a real browser: clicked through, without an error in its console."""

from __future__ import annotations

import io
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import personaspace as ps
from personaspace.runs.fitted import open_run
from personaspace.runs.report import report
from tests.browser import as_ever, barriers, find, looked_at, shown, until
from tests.reports.test_page import fitted, some_personas, with_texts


@pytest.fixture(scope="module")
def file(fitted_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = shutil.copytree(fitted_run, tmp_path_factory.mktemp("browsed") / "run")
    report(folder).save(folder / "report.html")
    return folder / "report.html"


@pytest.fixture
def page(browser: Any, file: Path) -> Iterator[Any]:
    """The report, opened anew; nothing may be in the console at the end, nor may it be wider than its window."""
    browser.get(file.as_uri())
    yield browser
    assert browser.get_log("browser") == []
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0


def fills(page: Any) -> list[list[str]]:
    """Place and colour of every point of the map."""
    script = "return [...arguments[0].children].map(c => [c.getAttribute('cx'), getComputedStyle(c).fill])"
    found: list[list[str]] = page.execute_script(script, find(page, "#points"))
    return found


def downloaded(page: Any, name: str) -> bytes:
    """The content of a download, once it is there whole."""
    deadline = time.monotonic() + 20
    while not (page.downloads / name).exists():
        assert time.monotonic() < deadline, [path.name for path in page.downloads.iterdir()]
        time.sleep(0.05)
    content: bytes = (page.downloads / name).read_bytes()
    (page.downloads / name).unlink()
    return content


def test_points_are_coloured_by_a_trait_and_chosen(page: Any) -> None:
    find(page, "#layer optgroup[label=Trait] option").click()
    assert find(page, "#layer-title").text == find(page, "#layer optgroup[label=Trait] option").text
    keys = shown(page, "#keys button")
    keys[0].click()
    assert keys[0].get_attribute("aria-pressed") == "true"
    chosen, all_of_it = (len(page.find_elements("css selector", f"#points circle{kind}")) for kind in (".on", ".k0"))
    assert chosen == all_of_it > 0


def test_a_point_says_who_it_is(page: Any) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    assert not shown(page, "#tip")
    find(page, "#points")
    ActionChains(page).move_to_element(find(page, "#points circle")).perform()
    assert "cluster-" in find(page, "#tip").text


def test_questions_are_searched_and_opened_by_keyboard(page: Any) -> None:
    from selenium.webdriver.common.keys import Keys

    rows = page.find_elements("css selector", "tr.question")
    text = rows[-1].find_element("css selector", "[dir]").get_attribute("textContent")
    find(page, "#search").send_keys(text.upper())
    (row,) = shown(page, "tr.question")
    assert row.text.find(text) >= 0
    assert find(page, "#found").text == f"1 of {len(rows)}"
    row.find_element("css selector", "button").send_keys(Keys.ENTER)
    table = find(page, "tr.detail table").text
    assert "everybody" in table
    assert "cluster-1" in table
    row.find_element("css selector", "button").send_keys(Keys.SPACE)
    assert not shown(page, "tr.detail")
    find(page, "#search").send_keys(" zzzz")
    assert not shown(page, "tr.question")


def test_a_persona_is_renamed_and_the_page_saved_with_its_name(page: Any, file: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    colors = fills(page)
    find(page, "#layer optgroup[label=Answer] option").click()
    find(page, "[data-rename='0']").click()
    find(page, "#name-0 span").send_keys("The <b>worried</b>", Keys.ENTER)
    assert find(page, "#name-0").text == "The <b>worried</b>"
    assert "cluster-1" not in find(page, "#persona-0").text
    find(page, "#save").click()
    copy = file.with_name("copy.html")
    copy.write_bytes(downloaded(page, "report.html"))
    page.get(copy.as_uri())
    assert find(page, "#name-0").text == "The <b>worried</b>"
    assert "The <b>worried</b>" in find(page, "#keys").text
    assert fills(page) == colors
    find(page, "#layer optgroup[label=Trait] option").click()
    assert shown(page, "#keys button")


def test_the_answers_of_every_persona_are_saved(page: Any, file: Path) -> None:
    find(page, "#answers-csv").click()
    saved = pd.read_csv(io.BytesIO(downloaded(page, "answers.csv")), encoding="utf-8-sig")
    run = open_run(file.parent)
    survey = run.split.train
    assert len(saved) == (len(run.personas) + 1) * int(survey.offsets[-1])
    first = saved[(saved["question"] == survey.questions[0].text) & (saved["persona"] == "everybody")]
    assert first["answer"].tolist() == [option.text for option in survey.questions[0].options]
    assert first["share"].sum() == pytest.approx(1, abs=0.003)
    assert (saved["low"] <= saved["share"]).all() and (saved["share"] <= saved["high"]).all()


@pytest.mark.parametrize("count", [1, 60])
def test_one_persona_or_sixty_long_questions_and_text_from_right_to_left(
    browser: Any, tmp_path: Path, count: int
) -> None:
    texts = ("\u0645\u0627 \u0631\u0623\u064a\u0643\u061f " * 60, "word " * 400, "=1+1")
    survey = with_texts(ps.simulate(respondents=180, seed=0).select(questions=range(12)), texts)
    run = fitted(tmp_path / "run", survey)
    run.run.stage("personas", {}, ("survey", "embedding"), some_personas(run, count).save)
    report(tmp_path / "run").save(tmp_path / "report.html")
    browser.get((tmp_path / "report.html").as_uri())
    for width in (390, 1920):
        looked_at(browser, width, dark=False)
        assert len(shown(browser, "article.card")) == count
        button = find(browser, ".question button")
        browser.execute_script("arguments[0].click()", button)
        until(lambda: browser.execute_script("return document.documentElement.scrollWidth <= innerWidth"))
    as_ever(browser)
    find(browser, "#answers-csv").click()
    content = downloaded(browser, "answers.csv").decode("utf-8-sig")
    assert not re.search(r'^"=|,"=', content, re.MULTILINE)
    assert "'=1+1" in content
    assert browser.get_log("browser") == []


@pytest.mark.parametrize(("kind", "begin"), [("svg", b"<svg"), ("png", b"\x89PNG")])
def test_pictures_are_saved(page: Any, kind: str, begin: bytes) -> None:
    for figure in (".map", "#variance figure"):
        name = find(page, f"{figure} [data-name]").get_attribute("data-name").replace(" ", "-")
        find(page, f"{figure} [data-save={kind}]").click()
        content = downloaded(page, f"{name}.{kind}")
        assert content.startswith(begin)
        if kind == "svg":
            assert b"stroke-width" in content or b"<circle" in content
            assert not re.search(rb'(x|y|x1|x2|cx|cy)="[^"]*%"|class=|<script', content)
            title = find(page, f"{figure} h3").text if figure != ".map" else "Map of"
            assert title.split()[0].encode() in content


def test_dark_and_light(page: Any) -> None:
    ground: Callable[[], str] = lambda: find(page, "body").value_of_css_property("background-color")  # noqa: E731
    before = ground()
    find(page, "#theme").click()
    assert ground() != before
    find(page, "#theme").click()
    assert ground() == before


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [390, 1920])
def test_nothing_bars_anybody_from_reading_it(page: Any, width: int, dark: bool) -> None:
    looked_at(page, width, dark)
    page.execute_script("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    find(page, ".question button").click()
    assert barriers(page) == []
    as_ever(page)


def test_a_phone_shows_it_without_scrolling_sideways(page: Any) -> None:
    looked_at(page, 390, dark=False)
    find(page, ".question button").click()
    assert shown(page, "tr.detail table")
    assert page.execute_script("return document.documentElement.scrollWidth") == 390
    assert find(page, ".question th").rect["width"] > 200
    as_ever(page)
