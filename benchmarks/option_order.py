"""The order of options found by words of scales, against the order that others wrote down for OpinionQA's questions.

    python benchmarks/option_order.py OPINIONQA
    python benchmarks/option_order.py --quick

OPINIONQA is the folder with ``human_resp/American_Trends_Panel_W*/info.csv``. The words were written with five of its
waves in view; the ten others, measured once before anybody had read them, gave .879 of 1,047 questions right (the
file's order: .813) and 10 of 11 nominal questions found. A few words came after that measurement ("top priority",
"hurting", "about as common"), so that what is printed for these waves is no test of them.

A question counts as right where every option has the position that OpinionQA gives it, from either end, ``None``
included; the peer takes the file's order for the scale, evenly spaced. OpinionQA calls almost nothing nominal: the
questions that we call nominal and it does not are listed. ``--quick`` orders an invented question. The last line is one
JSON object.
"""

from __future__ import annotations

import argparse
import ast
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from shared.closing_line import closing_line

from personaspace.survey.question import scaled_positions
from personaspace.survey.readers.option_order import option_positions

READ = ("26", "29", "32", "34", "36")
"""Waves whose options were read when the words were written."""

Positions = Sequence[float | None]


def questions(wave: Path) -> Iterator[tuple[str, list[str], Positions]]:
    """Every question of a wave: its id, its options without refusals, their positions after OpinionQA."""
    with (wave / "info.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            options = [text for text in ast.literal_eval(row["references"]) if text != "Refused"]
            places = [float(place) for place in ast.literal_eval(row["option_ordinal"])]
            yield row["key"], options, scaled_positions([*places, *[None] * (len(options) - len(places))])


def same(ours: Positions, truth: Positions) -> bool:
    """Whether positions agree, read from either end."""
    ends = [[place if place is None or not turned else 1 - place for place in ours] for turned in (False, True)]
    return any(
        all(a == b if a is None or b is None else abs(a - b) < 1e-6 for a, b in zip(end, truth, strict=True))
        for end in ends
    )


def measure(waves: Sequence[Path], name: str) -> tuple[float, float]:
    """Print shares and counts for these waves; the share of questions that are right, and that of the peer."""
    asked = [question for wave in waves for question in questions(wave)]
    found = [option_positions(options) for _, options, _ in asked]
    right = [same(order.positions, truth) for order, (_, _, truth) in zip(found, asked, strict=True)]
    peer = [same(scaled_positions(range(len(options))), truth) for _, options, truth in asked]
    ours = {key for order, (key, _, _) in zip(found, asked, strict=True) if not order.ordinal}
    theirs = {key for key, _, truth in asked if all(place is None for place in truth)}
    sure = [ok for ok, order in zip(right, found, strict=True) if order.sure]
    print(f"{name}: {len(asked)} questions, {sum(right) / len(asked):.3f} right")
    print(f"  the file's order, evenly spaced: {sum(peer) / len(asked):.3f} right")
    print(f"  of {len(sure)} found surely: {sum(sure) / len(sure):.3f} right")
    print(f"  nominal: {len(theirs)} after OpinionQA, {len(ours)} found, {len(ours & theirs)} of them both")
    for order, (key, options, _) in zip(found, asked, strict=True):
        if key in ours - theirs:
            print(f"    {key}, {'sure' if order.sure else 'unsure'}: {' | '.join(text[:40] for text in options)}")
    return sum(right) / len(asked), sum(peer) / len(asked)


def main() -> None:
    """Measure the waves read and the waves not read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if given.quick:
        options, truth = ["Better", "Worse", "About the same", "Not sure"], (0.0, 1.0, 0.5, None)
        ours, peer = same(option_positions(options).positions, truth), same(scaled_positions(range(4)), truth)
        print(closing_line("questions with right positions", ours, peer, "share"))
        return
    if given.folder is None:
        parser.error("give OPINIONQA, or --quick")
    waves = sorted((given.folder / "human_resp").glob("American_Trends_Panel_W*"))
    measure([wave for wave in waves if wave.name.rpartition("W")[2] in READ], "waves read")
    share, peer_share = measure([wave for wave in waves if wave.name.rpartition("W")[2] not in READ], "waves not read")
    print(closing_line("questions with right positions", share, peer_share, "share"))


if __name__ == "__main__":
    main()
