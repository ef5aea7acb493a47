"""Maps: respondents and personas in two dimensions, by t-SNE or UMAP of the answers expected of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from personaspace.checks import check_whole
from personaspace.embedding.base import Embedder
from personaspace.embedding.survey_rows import survey_rows
from personaspace.errors import MAX_SEED, RunError, SettingError, unknown
from personaspace.files import read_checked, write_json
from personaspace.persona.clustering.algorithms import one_thread
from personaspace.persona.clustering.answer_space import AnswerSpace
from personaspace.persona.neighbours import Shared, neighbours_share, shared_table
from personaspace.persona.personas import Personas, PersonasLike, as_personas
from personaspace.survey.arrays import FloatArray, Vectors
from personaspace.survey.lookup import index_of, named_positions
from personaspace.survey.spreadsheet import read_csv, write_csv
from personaspace.survey.survey import Survey

SAMPLE = 5000
"""Respondents shown at the most, a random sample: more points take long and show no more."""

FEWEST = 4
"""Respondents a map needs."""

NEAREST = 10
"""Neighbours on the map with which a respondent is compared."""

NOBODY = "no persona"
"""The entry of respondents who are in no persona."""


@dataclass(frozen=True, eq=False)
class Map:
    """Coordinates of respondents and personas in the plane.

    Attributes:
        points: A row per respondent shown: ``id, x, y, persona``.
        personas: A row per persona with members shown: ``persona, x, y, share``, at the densest point of its members,
            since the mean of a persona in two parts would lie in neither.
        method: ``"tsne"`` or ``"umap"``.
        respondents: Number of respondents; ``points`` holds all of them, or a random sample.
        seed: Seed of sample and method.
        neighbours: What the ten nearest neighbours on the map share beside what random pairs share, if a survey was
            given; :func:`~personaspace.persona.neighbours.neighbours_share` has the columns. ``None`` in maps saved by
            earlier versions.
    """

    points: pd.DataFrame
    personas: pd.DataFrame
    method: str
    respondents: int
    seed: int
    neighbours: pd.DataFrame | None = None

    def _repr_html_(self) -> str:
        table = self.personas[["persona", "share"]].to_html(index=False, formatters={"share": "{:.1%}".format})
        shown = f"{self.method} of {len(self.points):,} of {self.respondents:,} respondents; ps.plot draws it"
        return f"{table}\n<p>{escape(shown)}</p>"

    def save(self, folder: str | Path) -> None:
        """Write ``points.csv``, ``personas.csv`` and ``map.json`` into a folder.

        Raises:
            RunError: The folder cannot be written.
        """
        write_csv(Path(folder) / "points.csv", self.points)
        write_csv(Path(folder) / "personas.csv", self.personas)
        about: dict[str, Any] = {"method": self.method, "respondents": self.respondents, "seed": self.seed}
        if self.neighbours is not None:
            about["neighbours"] = self.neighbours.to_dict(orient="records")
        write_json(Path(folder) / "map.json", about)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            RunError: A file is missing or damaged.
        """
        about = read_checked(Path(folder) / "map.json", _About)
        points = read_csv(Path(folder) / "points.csv", ["id", "persona"])
        personas = read_csv(Path(folder) / "personas.csv", ["persona"])
        for name, table, numbers in (("points", points, ["x", "y"]), ("personas", personas, ["x", "y", "share"])):
            placed = table.reindex(columns=numbers).apply(pd.to_numeric, errors="coerce")
            if not np.isfinite(placed.to_numpy(np.float64)).all():
                raise RunError(f"{Path(folder) / name}.csv lacks finite numbers {', '.join(numbers)}: make it again")
        if points["id"].duplicated().any() or not len(points) <= about.respondents:
            raise RunError(f"{folder} does not hold a map of {about.respondents} respondents: make it again")
        shared = None if about.neighbours is None else shared_table(about.neighbours)
        return cls(points, personas, about.method, about.respondents, about.seed, shared)


@dataclass
class _About:
    """The content of ``map.json``."""

    method: str
    respondents: int
    seed: int
    neighbours: tuple[Shared, ...] | None = None


def map_respondents(
    embedder: Embedder,
    personas: PersonasLike,
    method: str = "tsne",
    seed: int = 0,
    sample: int = SAMPLE,
    survey: Survey | None = None,
) -> Map:
    """Project respondents to two dimensions by t-SNE or UMAP; those who answer alike are neighbours.

    t-SNE (van der Maaten and Hinton, JMLR 9, 2008) or UMAP (McInnes, Healy and Melville, arXiv 1802.03426) is run on
    the principal components of the answers expected of each respondent
    (:class:`~personaspace.persona.clustering.answer_space.AnswerSpace`). Neighbourhoods can be trusted; distances
    between far groups, their sizes and the axes mean nothing.

    Args:
        embedder: A fitted embedder.
        personas: Their members are marked; respondents in several belong to the first.
        method: ``"tsne"``, or ``"umap"``, which needs the extra ``umap``.
        seed: The same seed gives the same map.
        sample: Respondents shown at the most, drawn at random.
        survey: The survey the embedder was fitted on. If given, the map measures whether neighbours share traits, or
            rather a response style or the questions they were asked.

    Returns:
        The map.

    Raises:
        SettingError: ``personas`` are none, such as a survey; fewer than 4 respondents or a sample below 4, a seed out
            of range, or UMAP is not installed.
        UnknownNameError: There is no such method.
        SurveyError: A respondent of the embedder is not in the survey.
    """
    if method not in _LAYOUTS:
        raise unknown("method", method, _LAYOUTS)
    check_whole("seed", seed, 0, MAX_SEED)
    check_whole("sample", sample, FEWEST)
    count, personas = len(embedder.ids_), as_personas(personas)
    if count < FEWEST:
        raise SettingError(f"{count} respondents: a map shows at least {FEWEST}")
    known = None if survey is None else survey_rows(embedder, survey)
    rows = np.sort(np.random.default_rng(seed).permutation(count)[:sample])
    expected = AnswerSpace.of(embedder).place(embedder.respondents_[rows])
    places = _LAYOUTS[method](expected.astype(np.float64), seed)
    ids = [embedder.ids_[row] for row in rows]
    names = personas.of(embedder).fillna(NOBODY).loc[ids].tolist()
    points = pd.DataFrame({"id": ids, "x": places[:, 0], "y": places[:, 1], "persona": names})
    shared = None
    if survey is not None and known is not None:
        shared = neighbours_share(places, expected, survey.select(known[rows]), NEAREST, seed)
    return Map(points, _persona_places(points, personas), method, count, seed, shared)


class Placer:
    """Places new people on a map that was drawn without them, among those who answer most alike.

    A new point stands at the median of its ten nearest respondents' places, coordinate by coordinate, which is where
    openTSNE (Policar, Strazar and Zupan, Journal of Statistical Software 109, 2024) begins to place one.

    Args:
        drawn: The map.
        embedder: The embedder whose respondents it shows.

    Raises:
        UnknownNameError: A respondent on the map is not the embedder's.
    """

    def __init__(self, drawn: Map, embedder: Embedder) -> None:
        from scipy.spatial import KDTree

        rows = named_positions("respondent", drawn.points["id"], index_of(embedder.ids_))
        self._space, self._shown = AnswerSpace.of(embedder), drawn.points[["x", "y"]].to_numpy(np.float64)
        self._respondents = KDTree(self._space.place(embedder.respondents_[rows]))

    def place(self, vectors: Vectors) -> FloatArray:
        """Place people, given as vectors ``[n, dim]``; shape ``[n, 2]``."""
        near = self._respondents.query(self._space.place(vectors), k=min(NEAREST, len(self._shown)))[1]
        return np.asarray(np.median(self._shown[near.reshape(len(vectors), -1)], axis=1))


def _persona_places(points: pd.DataFrame, personas: Personas) -> pd.DataFrame:
    """Each persona at the member whose nearest quarter of the members lies within the smallest radius."""
    from scipy.spatial import KDTree

    rows = []
    for persona in personas:
        own = points.loc[points["persona"] == persona.name, ["x", "y"]].to_numpy()
        if len(own):
            near = 1 + len(own) // 4
            reach = np.asarray(KDTree(own).query(own, k=[near])[0])[:, 0]
            x, y = own[int(reach.argmin())]
            rows.append((persona.name, x, y, persona.share))
    return pd.DataFrame(rows, columns=["persona", "x", "y", "share"])


def _tsne(vectors: FloatArray, seed: int) -> FloatArray:
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(vectors) - 1) / 3)
    init = "pca" if vectors.shape[1] > 1 and np.ptp(vectors, axis=0).any() else "random"  # scaled by 1 / spread
    with one_thread():  # sums over threads depend on which of them ends first
        places = TSNE(perplexity=perplexity, init=init, random_state=seed).fit_transform(vectors)
    return np.asarray(places, dtype=np.float64)


def _umap(vectors: FloatArray, seed: int) -> FloatArray:
    try:
        from umap import UMAP
    except ImportError as error:
        raise SettingError("method 'umap' needs umap-learn: pip install 'personaspace[umap]', or use 'tsne'") from error

    neighbours = min(15, len(vectors) - 1)
    init = "spectral" if len(vectors) > 10 * FEWEST else "random"
    places = UMAP(n_neighbors=neighbours, init=init, random_state=seed, n_jobs=1).fit_transform(vectors)
    return np.asarray(places, dtype=np.float64)


_LAYOUTS: dict[str, Callable[[FloatArray, int], FloatArray]] = {"tsne": _tsne, "umap": _umap}
