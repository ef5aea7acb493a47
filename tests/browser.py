"""A real browser for the tests of pages; without one they are skipped, and say so."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
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


def until(happens: Callable[[], Any]) -> Any:
    """What comes true within a while; elements may be replaced meanwhile."""
    from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException

    deadline = time.monotonic() + 20
    while True:
        try:
            if found := happens():
                return found
        except (NoSuchElementException, StaleElementReferenceException):
            pass
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.03)


def looked_at(page: Any, width: int, dark: bool) -> None:
    """Show a page on a screen of this width, whose owner wants it light or dark."""
    metrics = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 700}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def as_ever(page: Any) -> None:
    """Undo :func:`looked_at`."""
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def barriers(page: Any) -> list[str]:
    """What axe finds serious or critical on the page as it is shown, which bars people who use assistive technology."""
    axe = pytest.importorskip("axe_core_python", reason="no axe here: pip install axe-core-python runs this test")
    page.execute_script(Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    found = page.execute_async_script(
        "const done = arguments[0]; axe.run().then(found => done(found.violations), error => done(String(error)))"
    )
    assert isinstance(found, list), found
    return [
        f"{one['id']}: {node['html'][:160]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
