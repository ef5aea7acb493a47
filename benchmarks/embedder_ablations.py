"""What does each design choice of the embedders change? Dimension, layers, what the nodes are, and the loss.

    python benchmarks/embedder_ablations.py FOLDER --table docs/ablations.csv [--figure docs/ablations.svg]
    python benchmarks/embedder_ablations.py --quick

FOLDER holds OpinionQA; ``--quick`` takes a small simulated survey. Every model is fitted on the training answers with
no question held out, all other settings at their defaults, and measured once on held-out answers: nothing is chosen
here. A seed is that of the split and of the model. Rows are added to the table as they are measured; those already in
it are not measured again. Prints a markdown table of means over the seeds, then one JSON object.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from shared.closing_line import closing_line

import personaspace as ps
from personaspace.embedding.registry import make_embedder
from personaspace.evaluation.measures.metrics import log_loss, macro_accuracy
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.rows.baselines import embedder_alone, majority
from personaspace.reports.plots.picture import COLORS, PLAIN, Plot, headed, styled
from personaspace.survey.split import Split

DIMS = (8, 16, 32, 64, 128, 256)
FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "LightGCN, option nodes": ("lightgcn", {}),
    "LightGCN, question nodes": ("lightgcn", {"nodes": "questions"}),
    "autoencoder": ("autoencoder", {}),
    "factorization, cross-entropy": ("factorization", {"loss": "cross-entropy"}),
    "factorization, squared error": ("factorization", {}),
}
LAYERS = (1, 2, 3, 4)


@dataclass(frozen=True)
class Trial:
    """One model to fit.

    Attributes:
        family: Its name in the table.
        layers: Of a LightGCN; 0 where there is no graph.
        dim: Length of the vectors.
    """

    family: str
    layers: int
    dim: int

    def embedder(self, seed: int) -> Any:
        """The model, not fitted."""
        name, settings = FAMILIES[self.family]
        graph = {"layers": self.layers} if self.layers else {}
        return make_embedder(name, dim=self.dim, seed=seed, **settings, **graph)


def trials(dims: tuple[int, ...]) -> Iterator[Trial]:
    """Every dimension at the default depth, then every depth at the default dimension."""
    for family, (name, _) in FAMILIES.items():
        for dim in dims:
            yield Trial(family, 2 if name == "lightgcn" else 0, dim)
    for layers in LAYERS:
        if layers != 2:
            yield Trial("LightGCN, option nodes", layers, 128 if 128 in dims else dims[-1])


def scores(predictions: Predictions) -> dict[str, float]:
    """Macro accuracy and log-loss, every respondent counting 1."""
    ones = np.ones(len(predictions.weight))
    return {"accuracy": float(macro_accuracy(predictions, ones)), "log_loss": float(log_loss(predictions, ones))}


def measure(trial: Trial, seed: int, parts: Split) -> dict[Any, Any]:
    """One row of the table."""
    embedder = trial.embedder(seed).fit(parts.train)
    found = scores(embedder_alone(embedder, embedder.embed(parts.train), parts.held_out_answers))
    return {"family": trial.family, "layers": trial.layers, "dim": trial.dim, "seed": seed, **found}


def complete(path: Path, survey: ps.Survey, seeds: list[int], dims: tuple[int, ...]) -> pd.DataFrame:
    """The table with every trial and seed, each written as soon as it is measured."""
    rows: list[dict[Any, Any]] = pd.read_csv(path).to_dict("records") if path.exists() else []
    done = {(row["family"], row["layers"], row["dim"], row["seed"]) for row in rows}
    for seed in seeds:
        parts = ps.split(survey, held_out_questions=0, seed=seed)
        if ("majority", 0, 0, seed) not in done:
            found = scores(majority(parts.train, parts.held_out_answers))
            rows.append({"family": "majority", "layers": 0, "dim": 0, "seed": seed, **found})
        for trial in trials(dims):
            if (trial.family, trial.layers, trial.dim, seed) not in done:
                rows.append(measure(trial, seed, parts))
                pd.DataFrame(rows).to_csv(path, index=False, float_format="%.5f")
    return pd.DataFrame(rows)


def figure(rows: pd.DataFrame) -> Plot:
    """Accuracy by dimension, a line per family with the range of the seeds, the majority as a rule."""
    spread = rows.groupby(["family", "layers", "dim"], sort=False)["accuracy"].agg(["mean", "min", "max"]).reset_index()
    lines = spread[(spread["dim"] > 0) & spread["layers"].isin([0, 2])]
    order = lines.groupby("family")["mean"].max().sort_values(ascending=False).index.tolist()
    base = alt.Chart(lines).encode(
        x=alt.X("dim:Q", title="dimensions of the space").scale(type="log", base=2),
        color=alt.Color("family:N", scale=alt.Scale(domain=order, range=list(COLORS[: len(order)])), legend=alt.Legend(
            title=None, symbolType="stroke", labelLimit=0)),
    )  # fmt: skip
    y = alt.Y("mean:Q", title="held-out answers predicted right (macro accuracy)", axis=alt.Axis(format="%")).scale(
        zero=False
    )
    usual = spread[spread["dim"] == 0]
    best = max(lines.to_dict("records"), key=lambda row: row["mean"])
    most = float(usual["mean"].iloc[0])
    title = headed(
        f"{best['family']} with {best['dim']} dimensions predicts {best['mean']:.1%} right, everybody's most common "
        f"answer {most:.1%}",
        [f"Means over {rows['seed'].nunique()} seeds; bars span the seeds. Dashed: everybody's most common answer."],
    )
    layers = [
        base.mark_rule(strokeWidth=4, opacity=0.4).encode(y=alt.Y("min:Q"), y2="max:Q"),
        base.mark_line(point=True).encode(y=y),
        alt.Chart(usual).mark_rule(strokeDash=[4, 4], color=PLAIN).encode(y=y),
    ]
    return Plot(styled(alt.layer(*layers).properties(width=460, height=300, title=title)))


def main() -> None:
    """Measure what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", nargs="?")
    source.add_argument("--quick", action="store_true")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--table", type=Path)
    parser.add_argument("--figure", type=Path)
    options = parser.parse_args()
    survey = ps.simulate(respondents=200) if options.quick else ps.read_survey(options.folder)
    table = options.table or Path(tempfile.mkdtemp()) / "ablations.csv"
    dims, seeds = (DIMS[:2], options.seeds[:1]) if options.quick else (DIMS, options.seeds)
    rows = complete(table, survey, seeds, dims)
    means = rows.groupby(["family", "layers", "dim"], sort=False)[["accuracy", "log_loss"]].mean().reset_index()
    print(
        means.pivot_table(index=["family", "layers"], columns="dim", values="accuracy", sort=False).round(3).to_string()
    )
    if options.figure:
        figure(rows).save(options.figure)
    best = means.sort_values("accuracy").iloc[-1]
    peer = means.loc[means["family"] == "majority", "accuracy"].item()
    name = f"held-out answers: {best['family']}, d={best['dim']}"
    print(closing_line(name, best["accuracy"], peer, "macro accuracy"))


if __name__ == "__main__":
    main()
