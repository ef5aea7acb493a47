"""A real browser for the tests of pages; without one they are skipped, and say so."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
OPTIONS = (
    "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
    "disable-component-update", "disable-sync", "force-prefers-reduced-motion", "window-size=1280,900",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Chromium without a window, whose downloads go to ``browser.downloads``."""
    if not CHROMIUM or not DRIVER:
        pytest.skip("no chromium here: apt-get install chromium chromium-driver runs this test")
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="no selenium here: pip install selenium runs this test"
    )
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options, downloads = Options(), tmp_path_factory.mktemp("downloads")
    options.binary_location = CHROMIUM
    for option in (*OPTIONS, f"user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(f"--{option}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)})
    driver.downloads = downloads
    yield driver
    driver.quit()


def find(page: Any, query: str) -> Any:
    return page.find_element("css selector", query)


def shown(page: Any, query: str) -> list[Any]:
    return [element for element in page.find_elements("css selector", query) if element.is_displayed()]
