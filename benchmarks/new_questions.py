"""How well are answers to questions predicted that nobody was asked, and then only a few people?

For every held-out question of a fitted run, n respondents drawn at random answer (the pilot) and everybody else who
answered is predicted. Ours: the question prior, sharpened by the pilot. Peers: the pilot's own shares, of everybody and
of the groups of one trait. Beside them, without a pilot: the true shares of everybody, the prior told these, and the
most similar known question, by its shares or by the respondent's own answer.

Held-out questions drawn one by one often have siblings among the known ones. So the prior is also learnt without every
question of the asked one's battery, topic or wave (personaspace.survey.question_groups).
The kernels' settings are found once, on all training questions.

    python benchmarks/new_questions.py RUN [RUN ...] [--table docs/newquestions.csv] [--figure docs/newquestions.svg]
    python benchmarks/new_questions.py --speed
    python benchmarks/new_questions.py --quick

Prints a table for every metric: of one run with 95% intervals by bootstrap over questions, of several the mean with the
least and the greatest. Runs that the table holds already are not measured again. The last line is one JSON object:
accuracy at n=10, prior + pilot (ours) and the pilot's own majority (peer).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from shared.closing_line import closing_line
from shared.pilot_trials import ONE_BY_ONE, OURS, PEER, Coverage, Pilots, Scores, groups_of
from shared.question_speed import measure_speed

import personaspace as ps
from personaspace.embedding.base import Embedder
from personaspace.reports.plots.picture import COLORS, PLAIN, Plot, headed, styled
from personaspace.survey.arrays import FloatArray
from personaspace.survey.split import Split

SIZES, QUICK_SIZES, DRAWS = (5, 10, 20, 50, 100), (5, 10), 5
RESAMPLES = 1000
COLUMNS = ["run", "left out", "method", "n", "metric", "value", "low", "high"]
DIFFERENCE = f"{OURS} - {PEER}"


def measured(run: str, embedder: Embedder, parts: Split, sizes: tuple[int, ...], trait: str) -> list[dict[str, Any]]:
    """All rows of the table of one run."""
    pilots = Pilots(embedder, parts, sizes, DRAWS, trait)
    questions = len(pilots.asked)
    drawn = np.random.default_rng(0).multinomial(questions, np.full(questions, 1 / questions), RESAMPLES)
    weights = drawn.astype(np.float64)
    scores, coverage = pilots.one_by_one()
    rows = [{"left out": ONE_BY_ONE, **row} for row in [*_rows(scores, weights), *_coverage(coverage, weights)]]
    for name, group in groups_of(parts.survey).items():
        if group.max() > 0:
            without = pilots.without_groups(group)
            without |= {(PEER, n): scores[PEER, n] for n in sizes}
            rows += [{"left out": name, **row} for row in _rows(without, weights)]
    return [{"run": run, **row} for row in rows]


def _rows(scores: Mapping[tuple[str, int], Scores], weights: FloatArray) -> Iterator[dict[str, Any]]:
    """Rows of every metric, and the paired difference of ours and the peer."""
    once = np.ones((1, weights.shape[1]))
    for (method, n), found in scores.items():
        resampled = found.measured(weights)
        for metric, value in found.measured(once).items():
            yield {"method": method, "n": n, "metric": metric, **_interval(float(value[0]), resampled[metric])}
        yield {"method": method, "n": n, "metric": "accuracy by respondent", "value": found.by_respondent}
        if method == OURS and (PEER, n) in scores:
            ahead, apart = (
                found.measured(each)["accuracy"] - scores[PEER, n].measured(each)["accuracy"]
                for each in (once, weights)
            )
            yield {"method": DIFFERENCE, "n": n, "metric": "accuracy", **_interval(float(ahead[0]), apart)}


def _coverage(coverage: Mapping[int, Coverage], weights: FloatArray) -> Iterator[dict[str, Any]]:
    for n, found in coverage.items():
        for metric, values in (("coverage", found.held), ("width", found.width), ("distance", found.away)):
            by_question = np.array(values).reshape(weights.shape[1], -1).mean(axis=1)
            resampled = weights @ by_question / weights.sum(axis=1)
            yield {"method": OURS, "n": n, "metric": metric, **_interval(float(by_question.mean()), resampled)}


def _interval(value: float, resampled: FloatArray) -> dict[str, float]:
    """Value and 95% interval, without the growth that resampling itself gives to calibration errors."""
    low, high = value + np.quantile(resampled, [0.025, 0.975]) - resampled.mean()
    return {"value": value, "low": float(low), "high": float(high)}


def markdown(rows: pd.DataFrame, metric: str, left_out: str) -> str:
    """The table of one metric: methods in rows, sizes of the pilot in columns."""
    part = rows[(rows["metric"] == metric) & (rows["left out"] == left_out)]
    sizes = sorted(part["n"].unique())
    lines = [f"| {metric}, {left_out} | {' | '.join(f'n={n}' for n in sizes)} |", "|---" * (len(sizes) + 1) + "|"]
    for method in part["method"].unique():
        cells = [_shown(part[(part["method"] == method) & (part["n"] == n)]) for n in sizes]
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _shown(found: pd.DataFrame) -> str:
    if found.empty:
        return ""
    values = found["value"]
    low, high = (found["low"].item(), found["high"].item()) if len(found) == 1 else (values.min(), values.max())
    return f"{values.mean():.3f}" + ("" if np.isnan(low) else f" [{low:.3f}, {high:.3f}]")


def figure(rows: pd.DataFrame) -> Plot:
    """Accuracy against the size of the pilot, a line per method; dashed where there is no pilot."""
    part = rows[(rows["metric"] == "accuracy") & (rows["method"] != DIFFERENCE)]
    means = part.groupby(["left out", "method", "n"], sort=False)[["value", "low", "high"]].mean().reset_index()
    means = means[(means["left out"] == ONE_BY_ONE) | (means["method"] == OURS)]
    of_groups = means["left out"] != ONE_BY_ONE
    means["method"] = means["method"].where(~of_groups, "the same, held out " + means["left out"])
    alone = means.groupby("method")["n"].transform("max") == 0
    ends = [{**row, "n": n} for row in means[alone].to_dict("records") for n in (0, int(means["n"].max()))]
    order = list(dict.fromkeys(means.sort_values("value", ascending=False)["method"]))
    base = alt.Chart().encode(
        x=alt.X("n:Q", title="people asked", scale=alt.Scale(type="symlog", constant=5), axis=alt.Axis(values=sorted(
            means["n"].unique().tolist()))),
        y=alt.Y("value:Q", title="answers of everybody else predicted right", scale=alt.Scale(zero=False),
            axis=alt.Axis(format="%")),
        color=alt.Color("method:N", scale=alt.Scale(domain=order, range=[*COLORS, PLAIN][: len(order)]),
            legend=alt.Legend(title=None, symbolType="stroke", labelLimit=0)),
    )  # fmt: skip
    intervals = base.mark_rule(strokeWidth=3, opacity=0.3).encode(y=alt.Y("low:Q"), y2="high:Q")
    lines = base.mark_line(point=True, strokeWidth=2).properties(data=means[~alone])
    rules = base.mark_line(strokeDash=[5, 4]).properties(data=pd.DataFrame(ends))
    ours = means[(means["method"] == OURS) & ~of_groups].sort_values("n")
    first, last = ours.iloc[0], ours.iloc[-1]
    finding = (
        f"Of questions nobody was asked {first['value']:.0%} of answers are predicted right from the text, "
        f"{last['value']:.0%} after {last['n']} people were asked"
    )
    about = f"Means over {rows['run'].nunique()} runs; bars: their mean 95% intervals. Dashed: without a pilot."
    layers = (intervals.properties(data=means[~alone]), lines, rules)
    return Plot(styled(alt.layer(*layers).properties(width=460, height=320, title=headed(finding, [about]))))


def main() -> None:
    """Measure what is missing, print the tables and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--trait", default="POLPARTY", help="of the pilot's group majority")
    parser.add_argument("--table", type=Path)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    if options.speed:
        print(measure_speed())
        return
    if not options.quick and not options.runs:
        parser.error("name a fitted run, or --quick or --speed")
    table = options.table or Path(tempfile.mkdtemp()) / "newquestions.csv"
    rows = pd.read_csv(table) if table.exists() else pd.DataFrame(columns=COLUMNS)
    if options.quick:
        parts = ps.split(ps.simulate(respondents=150, seed=0), seed=0)
        space = ps.Factorization(dim=8, seed=0).fit(parts.train)
        rows = pd.DataFrame(measured("quick", space, parts, QUICK_SIZES, str(parts.train.traits.columns[0])))
    for folder in options.runs:
        run = ps.open_run(folder)
        name = f"seed {run.split.settings.seed}"
        if name not in set(rows["run"]):
            found = pd.DataFrame(measured(name, run.embedder, run.split, SIZES, options.trait), columns=COLUMNS)
            rows = pd.concat([rows, found]) if len(rows) else found
            rows.to_csv(table, index=False, float_format="%.5f")
    for left_out in rows["left out"].unique():
        for metric in rows.loc[rows["left out"] == left_out, "metric"].unique():
            print(markdown(rows, metric, left_out), end="\n\n")
    if options.figure:
        figure(rows).save(options.figure)
    ten = rows[(rows["metric"] == "accuracy") & (rows["left out"] == ONE_BY_ONE) & (rows["n"] == 10)]
    ours, peer = (float(ten.loc[ten["method"] == method, "value"].mean()) for method in (OURS, PEER))
    print(closing_line("accuracy with a pilot of 10 people", ours, peer, "share"))


if __name__ == "__main__":
    main()
