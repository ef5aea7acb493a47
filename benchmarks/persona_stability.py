"""Stability of personas: how many there are, whether they are found again, and whether they keep their names.

Peer: K-Means on the embedder's own vectors, as published, instead of on the answers expected there.

    OMP_NUM_THREADS=1 python benchmarks/persona_stability.py FOLDER
    python benchmarks/persona_stability.py --quick

FOLDER holds OpinionQA; ``--quick`` takes a small simulated survey instead. LightGCN is fitted with three seeds on the
training part of one split. Prints as markdown: the curve k is chosen by; what every rule chooses with each seed; how
well clusterings agree between seeds, and how far they only reproduce participation in waves (adjusted mutual
information), in both spaces; how many respondents keep their persona's name; the clustering methods side by side;
and the validity of small clusters. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from shared.closing_line import closing_line
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score
from sklearn.utils.parallel import ThreadpoolController

from personaspace.embedding.lightgcn.model import LightGCN
from personaspace.persona.clustering.algorithms import CLUSTERERS, Clustering, clusterer_named
from personaspace.persona.clustering.answer_space import AnswerSpace, Population
from personaspace.persona.clustering.choose_k import KS, RULES, recommend
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.clustering.loss_curve import curve_of, loss_of
from personaspace.persona.clustering.stability import Resamples
from personaspace.persona.clustering.validity import cluster_validity, size_floor
from personaspace.persona.matching import match_personas
from personaspace.persona.personas import Personas
from personaspace.survey.arrays import IntArray, Vectors
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.simulate import simulate
from personaspace.survey.split import split
from personaspace.survey.survey import Survey

SEEDS = (0, 1, 2)


def printed(table: pd.DataFrame, title: str) -> None:
    """A table as markdown."""
    rows = [[_cell(value) for value in row] for row in table.to_numpy(dtype=object)]
    print(f"\n{title}\n\n| {' | '.join(map(str, table.columns))} |\n|{'---|' * len(table.columns)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.3f}"
    return str(value)


def asked(survey: Survey) -> IntArray:
    """Which waves each respondent answered, as one number; waves stand at the end of OpinionQA's question ids."""
    ends = [question.id.rsplit("_", 1)[-1] for question in survey.questions]
    waves = sorted({end for end in ends if end.startswith("W")})
    wave = np.array([waves.index(end) if end in waves else 0 for end in ends])
    took = np.zeros((len(survey.respondents), max(len(waves), 1)), np.int64)
    took[survey.answers.respondent, wave[survey.answers.question]] = 1
    return took @ (2 ** np.arange(took.shape[1]))


def between_seeds(found: Sequence[Clustering]) -> float:
    """Mean adjusted Rand index over the pairs of seeds."""
    pairs = itertools.combinations((clustering.labels for clustering in found), 2)
    return float(np.mean([adjusted_rand_score(*pair) for pair in pairs]))


def kept_names(personas: Sequence[Personas], survey: Survey, embedder: LightGCN) -> list[float]:
    """The weighted share of respondents whose persona has the name it had with the first seed."""
    shares, old = [], personas[0].of(embedder).fillna("")
    for new in personas[1:]:
        matched = match_personas(new, personas[0], survey).personas
        stayed = matched.of(embedder).fillna("") == old
        shares.append(float(np.average(stayed.loc[list(survey.respondents)], weights=survey.weight)))
    return shares


class VectorSpace(AnswerSpace):
    """Respondents at their own vectors, for comparison."""

    def place(self, vectors: Vectors) -> Vectors:
        """The vectors as they are."""
        return vectors


def of_vectors(population: Population) -> Population:
    """The same respondents at their own vectors."""
    return replace(population, space=VectorSpace(**vars(population.space)), points=population.embedder.respondents_)


def smallest_of_vectors(survey: Survey, populations: Sequence[Population], k: int) -> pd.DataFrame:
    """The smallest cluster of the vectors themselves with every seed: its validity, and its overlap with seed 0."""
    sizes = np.array([len(question.options) for question in survey.questions])
    answers = survey.answers
    given = np.bincount(answers.respondent, minlength=len(survey.respondents))
    last = np.bincount(answers.respondent[answers.option == sizes[answers.question] - 1], minlength=len(given))
    rows, members = [], []
    for seed, population in zip(SEEDS, populations, strict=True):
        raw = of_vectors(population)
        resamples = Resamples(raw, clusterer_named("kmeans"), 0, 1)
        found = resamples.clusterer(raw.points, raw.weights, k, 0, 1)
        table = cluster_validity(raw, found, resamples.found_again(found, k), size_floor(None, len(given)), 0)
        least = int(table["respondents"].argmin())
        mine = found.labels == least
        members.append(mine)
        row = table.drop(columns="verdict").iloc[least].to_dict()
        row |= {"respondents": int(mine.sum()), "last option": last[mine].sum() / given[mine].sum()}
        same = (mine & members[0]).sum() / (mine | members[0]).sum()
        rows.append({"seed": seed, **row, "Jaccard with seed 0": float(same)})
    print(f"\nRespondents choose the last option in {last.sum() / given.sum():.3f} of their answers.")
    return pd.DataFrame(rows)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", nargs="?")
    source.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    survey = split(simulate(respondents=500) if options.quick else read_survey(options.folder), seed=0).train
    dim, epochs = (16, 10) if options.quick else (128, 30)
    embedders = [LightGCN(dim=dim, seed=seed, epochs=epochs).fit(survey) for seed in SEEDS]
    with ThreadpoolController().limit(limits=1):
        measure(survey, embedders)


def measure(survey: Survey, embedders: Sequence[LightGCN]) -> None:
    """Every table, and the line of JSON."""
    kmeans, least, waves = clusterer_named("kmeans"), size_floor(None, len(survey.respondents)).members, asked(survey)
    print(survey)
    populations = [Population.of(embedder, survey) for embedder in embedders]
    at_vectors = [of_vectors(population) for population in populations]
    start = time.perf_counter()
    curves = [curve_of(Resamples(population, kmeans, 0, least), KS, 0) for population in populations]
    seconds = (time.perf_counter() - start) / len(SEEDS)
    advice = [recommend(curve, least) for curve, _ in curves]
    printed(curves[0][0], f"The curve with seed 0 ({seconds:.0f} s a curve, one thread)")
    print(f"\n{advice[0].words}")
    rules = [
        {"rule": rule, **{f"seed {s}": getattr(a, rule) for s, a in zip(SEEDS, advice, strict=True)}} for rule in RULES
    ]
    printed(pd.DataFrame(rules), "The k every rule chooses")

    rows = []
    for k in sorted(set.intersection(*(set(found) for _, found in curves))):
        ours = [found[k] for _, found in curves]
        raw = [kmeans(population.points, population.weights, k, 0, least) for population in at_vectors]
        row: dict[str, object] = {"k": k}
        for name, found, judged in (
            ("expected answers", ours, populations[0]),
            ("vectors", raw, at_vectors[0]),
        ):
            row[f"{name}: ARI between seeds"] = between_seeds(found)
            row[f"{name}: loss"] = loss_of(judged, judged.blind_labels(found[0]), judged.answers())
            row[f"{name}: information on waves"] = float(adjusted_mutual_info_score(found[0].labels, waves))
        rows.append(row)
    table = pd.DataFrame(rows).set_index("k")
    printed(table.reset_index(), "Clusters of the answers expected, and of the vectors themselves")

    names = []
    for k in sorted({advice[0].elbow, advice[0].recommended, 8}):
        shares = kept_names([cluster_personas(embedder, survey, k=k) for embedder in embedders], survey, embedders[0])
        names.append({"k": k, **{f"seed {s}": share for s, share in zip(SEEDS[1:], shares, strict=True)}})
    printed(pd.DataFrame(names), "Share of respondents whose persona keeps the name it has with seed 0")

    methods = []
    for name in CLUSTERERS:
        start = time.perf_counter()
        row_k = advice[0].elbow
        resamples = Resamples(populations[0], clusterer_named(name), 0, least)
        curve = curve_of(resamples, [row_k], 0)[0].assign(seconds=round(time.perf_counter() - start))
        methods.append(curve.assign(method=name))
    all_methods = pd.concat(methods)
    printed(all_methods[["method", *all_methods.columns.drop("method")]], "Methods, at the elbow of K-Means")

    for seed, embedder in zip(SEEDS, embedders, strict=True):
        personas = cluster_personas(embedder, survey, k=advice[0].elbow)
        assert personas.clusters is not None  # noqa: S101
        printed(personas.clusters, f"Validity of the clusters, seed {seed}")
        print(*("", *personas.notes), sep="\n")

    printed(smallest_of_vectors(survey, populations, 8), "The smallest of 8 clusters of the vectors themselves")

    agreement = table.filter(like="ARI").to_numpy()[table.index == advice[0].elbow][0]
    best, peer = (float(value) for value in agreement)
    print(closing_line(f"personas agree between seeds, k={advice[0].elbow}", best, peer, "adjusted Rand index"))


if __name__ == "__main__":
    main()
