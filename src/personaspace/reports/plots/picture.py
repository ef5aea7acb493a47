"""Plot: an Altair chart that is saved as HTML, PNG or SVG without browser or network, and shows in notebooks."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt

from personaspace.errors import SettingError
from personaspace.files import write_atomically
from personaspace.reports.chart import wrapped

COLORS = ("#332288", "#CC6677", "#117733", "#DDAA33", "#88CCEE", "#882255", "#44AA99", "#999933", "#AA4499")
"""Colours distinguishable with any colour vision (Paul Tol's "muted", its sand a little darker)."""

SEQUENCE = ("#440154", "#414487", "#2A788E", "#22A884", "#7AD151", "#DDD02A")
"""From one end of a scale to the other, distinguishable with any colour vision (viridis, its end a little darker)."""

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
"""Marks for the first, second, ... use of a colour, where there are more categories than colours."""

FAINT, PLAIN, INK = "#DDDDDD", "#999999", "#222222"
"""Colours of missing values, of values without a place on a scale, and of text."""

POPULATION = "population"
"""What everybody is called."""

FONT = "Helvetica, Arial, sans-serif"
SCALE = 2.0
"""Pixels of a PNG per unit of length."""

NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

TITLE, SUBTITLE = 84, 116
"""Characters of a line of a title and of what stands below it."""

TITLE_LINES = 4
"""Lines of a title at the most."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<title>personaspace</title>
<style>body {{ margin: 24px; font-family: {font}; }}</style>
<script>{library}</script>
</head>
<body>
<div id="plot"></div>
<script>vegaEmbed("#plot", {specification}, {{"actions": false}});</script>
</body>
</html>
"""


@dataclass(frozen=True, eq=False)
class Plot:
    """A picture that saves itself and shows in notebooks.

    Attributes:
        chart: The Altair chart, which may be changed.
    """

    chart: alt.LayerChart | alt.HConcatChart | alt.Chart

    def save(self, path: str | Path) -> None:
        """Write the picture in the format of the suffix.

        Args:
            path: Ending in ``.html`` (one file that needs no network), ``.png`` or ``.svg``.

        Raises:
            SettingError: Another suffix.
            RunError: The file cannot be written.
        """
        path = Path(path)
        check_suffix(path)
        content = _MAKERS[path.suffix.lower()](self._specification())
        write_atomically(path, lambda temporary: temporary.write_bytes(content))

    def _specification(self) -> dict[str, Any]:
        with alt.data_transformers.disable_max_rows():
            text: dict[str, Any] = _without_controls(self.chart.to_dict())
        return text

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """The picture as notebooks display it."""
        del include, exclude
        specification = self._specification()
        return {
            "image/svg+xml": _svg(specification).decode(),
            "text/plain": f"Plot({specification.get('title', {}).get('text', '')!r})",
        }


def along(place: float) -> str:
    """The colour of a place on a scale.

    Args:
        place: In [0, 1].

    Returns:
        A mixture of the two nearest colours of :data:`SEQUENCE`.

    Example:
        >>> along(0.0), along(0.1), along(1.0)
        ('#440154', '#42226e', '#ddd02a')
    """
    at = min(int(place * (len(SEQUENCE) - 1)), len(SEQUENCE) - 2)
    part = place * (len(SEQUENCE) - 1) - at
    ends = ([int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in SEQUENCE[at : at + 2])
    return "#" + "".join(f"{round((1 - part) * a + part * b):02x}" for a, b in zip(*ends, strict=True))


def plain(name: object) -> str:
    r"""A name from the survey as a title: on one line and without backslashes, which Vega would interpret.

    Example:
        >>> plain("age\ngroup"), plain("a\\")
        ('age group', 'a')
    """
    return " ".join(str(name).replace("\\", " ").split()) or "unnamed"


def headed(finding: str, about: Sequence[str]) -> alt.Title:
    """A title that states what a picture shows, and below it how to read it, both in whole lines."""
    lines = [line for sentence in about for line in textwrap.wrap(sentence, SUBTITLE)]
    return alt.Title(wrapped(plain(f"{finding[:1].upper()}{finding[1:]}"), TITLE, TITLE_LINES), subtitle=lines)


def check_suffix(path: Path) -> None:
    """Raise :class:`SettingError` unless a picture can be saved under this name."""
    if path.suffix.lower() not in _MAKERS:
        raise SettingError(f"cannot save a picture as {path.name!r}: end the name in {', '.join(_MAKERS)}")


def styled(chart: Any) -> Any:
    """A chart in the common font, colours and sizes, without frames."""
    return (
        chart.configure(font=FONT, background="white")
        .configure_view(stroke=None)
        .configure_title(
            anchor="start", fontSize=16, color=INK, subtitleColor="#666666", subtitleFontSize=12, offset=12
        )
        .configure_axis(labelColor=INK, titleColor=INK, gridColor="#EEEEEE", domain=False, ticks=False, labelLimit=320)
        .configure_legend(labelColor=INK, titleColor=INK, labelLimit=260, titleLimit=260, symbolOpacity=1)
    )


def page(specification: dict[str, Any]) -> str:
    """A self-contained HTML page; survey text is escaped so that it cannot end the script."""
    import vl_convert

    text = json.dumps(specification, ensure_ascii=True, allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    library = vl_convert.javascript_bundle(vl_version=_version())  # type: ignore[call-arg]  # its stub asks for more
    return _PAGE.format(font=FONT, library=library, specification=text)


def _without_controls(part: Any) -> Any:
    """A specification in whose texts the characters that XML cannot hold are replaced: Vega would end the process."""
    if isinstance(part, str):
        return NO_XML.sub("\N{REPLACEMENT CHARACTER}", part)
    if isinstance(part, dict):
        return {_without_controls(name): _without_controls(value) for name, value in part.items()}
    if isinstance(part, list):
        return [_without_controls(value) for value in part]
    return part


def _html(specification: dict[str, Any]) -> bytes:
    return page(specification).encode()


def _png(specification: dict[str, Any]) -> bytes:
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(specification, scale=SCALE, vl_version=_version()))


def _svg(specification: dict[str, Any]) -> bytes:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(specification, vl_version=_version())).encode()


def _version() -> str:
    return ".".join(alt.SCHEMA_VERSION.lstrip("v").split(".")[:2])


_MAKERS: dict[str, Callable[[dict[str, Any]], bytes]] = {".html": _html, ".png": _png, ".svg": _svg}
