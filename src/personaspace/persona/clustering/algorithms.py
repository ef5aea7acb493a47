"""Clustering algorithms behind one interface: K-Means, Gaussian mixture, Ward's agglomerative, HDBSCAN."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np

from personaspace.errors import unknown
from personaspace.persona.gaussian_mixture import GaussianMixture, Reals, nearest
from personaspace.survey.arrays import FloatArray, IntArray, Vectors

SAMPLE = 2000
"""Respondents from whom the agglomerative tree is built, which takes time and memory quadratic in their number."""

STARTS = 10
"""Random starts of K-Means and of the mixture; the best is kept."""


class Clustering(NamedTuple):
    """Points in clusters.

    Attributes:
        labels: Each point's cluster, -1 for none, shape ``[points]``.
        centres: Shape ``[clusters, dimensions]``.
        mixture: The Gaussian mixture whose components the clusters are; ``None`` for other methods.
    """

    labels: IntArray
    centres: Reals
    mixture: GaussianMixture | None = None

    def assign(self, points: Vectors) -> IntArray:
        """The cluster of any points: the likeliest component of a mixture, else the nearest centre."""
        if self.mixture is None:
            return nearest(points, self.centres)
        return np.asarray(self.mixture.membership(points).argmax(axis=1), dtype=np.int64)

    def without(self, removed: IntArray, points: Vectors) -> Clustering:
        """Remove clusters; their members join the nearest or likeliest of the others.

        Args:
            removed: The clusters to remove, not all.
            points: The points that were clustered, shape ``[points, dimensions]``.
        """
        left = np.setdiff1d(np.arange(len(self.centres)), removed)
        number = np.full(len(self.centres) + 1, -1, np.int64)
        number[left] = np.arange(len(left))
        fewer = Clustering(
            number[self.labels], self.centres[left], None if self.mixture is None else self.mixture.some(left)
        )
        moved = np.flatnonzero(np.isin(self.labels, removed))
        fewer.labels[moved] = fewer.assign(points[moved])
        return fewer


class Clusterer(Protocol):
    """A clustering algorithm."""

    @property
    def name(self) -> str:
        """Its name on the command line and in tables."""

    @property
    def finds_k(self) -> bool:
        """Whether it finds the number of clusters itself; it is then given k = 0."""

    def __call__(
        self, points: Vectors, weights: FloatArray, k: int, seed: int, smallest: int, starts: int = STARTS
    ) -> Clustering:
        """Cluster points.

        Args:
            points: Shape ``[n, dimensions]``, at least k of them different and of a weight above 0.
            weights: Weight of each point, shape ``[n]``.
            k: Number of clusters.
            seed: The same seed gives the same clusters.
            smallest: Points a cluster should have at least; used only by algorithms that find k themselves.
            starts: Random starts, if the algorithm has any.

        Returns:
            At most k clusters.
        """


class KMeansClusterer:
    """K-Means (Lloyd 1982), with survey weights as sample weights."""

    name = "kmeans"
    finds_k = False

    def __call__(
        self, points: Vectors, weights: FloatArray, k: int, seed: int, smallest: int, starts: int = STARTS
    ) -> Clustering:
        """See :class:`Clusterer`."""
        from sklearn.cluster import KMeans

        del smallest
        counted = np.flatnonzero(weights > 0)
        found = KMeans(k, n_init=starts, random_state=seed).fit(points[counted], sample_weight=weights[counted])
        clusters = Clustering(nearest(points, found.cluster_centers_), found.cluster_centers_)
        return clusters.without(np.setdiff1d(np.arange(k), clusters.labels), points)


class GaussianClusterer:
    """A mixture of spherical Gaussians, each with a variance of its own (Bishop 2006, section 9.2).

    The implementation takes no sample weights: where weights differ, the mixture is fitted to as many respondents,
    drawn with replacement in proportion to them.
    """

    name = "gaussian"
    finds_k = False

    def __call__(
        self, points: Vectors, weights: FloatArray, k: int, seed: int, smallest: int, starts: int = STARTS
    ) -> Clustering:
        """See :class:`Clusterer`."""
        from sklearn.mixture import GaussianMixture as SklearnMixture

        del smallest
        if k == 1:
            return _together(points, weights)
        rows = _drawn(weights, len(points), k, points, seed)
        spread = float(points[rows].var(axis=0).mean())
        mixture = SklearnMixture(
            k,
            covariance_type="spherical",
            n_init=max(1, starts // 3),
            random_state=seed,
            reg_covar=1e-3 * spread + 1e-9,
        ).fit(points[rows])
        variances = np.repeat(mixture.covariances_[:, None], points.shape[1], axis=1)
        parts = (mixture.means_, variances, mixture.weights_)
        components = GaussianMixture(*(part.astype(np.float32) for part in parts))
        found = Clustering(components.membership(points).argmax(axis=1), components.centres, components)
        return found.without(np.setdiff1d(np.arange(k), found.labels), points)


class AgglomerativeClusterer:
    """Ward's agglomerative clustering (Ward 1963) of at most 2,000 respondents; the others join the nearest centre.

    The algorithm takes no sample weights: where weights differ, its respondents are drawn in proportion to them.
    """

    name = "agglomerative"
    finds_k = False

    def __call__(
        self, points: Vectors, weights: FloatArray, k: int, seed: int, smallest: int, starts: int = STARTS
    ) -> Clustering:
        """See :class:`Clusterer`."""
        from sklearn.cluster import AgglomerativeClustering

        del smallest, starts
        if k == 1:
            return _together(points, weights)
        rows = _drawn(weights, SAMPLE, k, points, seed)
        labels = AgglomerativeClustering(k).fit_predict(points[rows])
        centres = np.stack([points[rows[labels == cluster]].mean(axis=0) for cluster in range(k)])
        joined = nearest(points, centres)
        joined[rows] = labels
        return Clustering(joined, centres)


class HDBSCANClusterer:
    """HDBSCAN (Campello, Moulavi and Sander 2013): dense groups, as many as there are.

    Points in no dense group belong to no cluster. Weights count in centres and shares only, not in the density.
    """

    name = "hdbscan"
    finds_k = True

    def __call__(
        self, points: Vectors, weights: FloatArray, k: int, seed: int, smallest: int, starts: int = STARTS
    ) -> Clustering:
        """See :class:`Clusterer`."""
        from sklearn.cluster import HDBSCAN

        del k, seed, starts
        size = min(max(smallest, 2), len(points))
        labels = np.full(len(points), -1)
        if size > 1:
            labels = HDBSCAN(min_cluster_size=size, min_samples=min(5, size), copy=True).fit_predict(points)
        counted = [labels == cluster for cluster in range(labels.max() + 1)]
        parts = [np.where(weights[rows].any(), weights[rows], 1) for rows in counted]
        centres = [np.average(points[rows], axis=0, weights=part) for rows, part in zip(counted, parts, strict=True)]
        return Clustering(labels.astype(np.int64), np.array(centres, np.float32).reshape(-1, points.shape[1]))


_ALL: tuple[Clusterer, ...] = (KMeansClusterer(), GaussianClusterer(), AgglomerativeClusterer(), HDBSCANClusterer())
CLUSTERERS: Mapping[str, Clusterer] = MappingProxyType({clusterer.name: clusterer for clusterer in _ALL})


def clusterer_named(name: str) -> Clusterer:
    """The clusterer of this name; :class:`UnknownNameError` names near matches."""
    if name not in CLUSTERERS:
        raise unknown("clustering method", str(name), CLUSTERERS)
    return CLUSTERERS[name]


def one_thread() -> AbstractContextManager[object]:
    """Limit numeric libraries to one thread: waiting threads make many short steps up to 90 times slower."""
    from sklearn.utils.parallel import ThreadpoolController

    context: AbstractContextManager[object] = ThreadpoolController().limit(limits=1)
    return context


def _together(points: Vectors, weights: FloatArray) -> Clustering:
    """All points in one cluster."""
    return Clustering(np.zeros(len(points), np.int64), np.average(points, axis=0, weights=weights)[None])


def _drawn(weights: FloatArray, most: int, k: int, points: Vectors, seed: int) -> IntArray:
    """Rows to learn from: all, or a sample drawn by weight where there are too many or their weights differ."""
    counted = np.flatnonzero(weights > 0)
    unequal = np.ptp(weights[counted]) > 0
    if len(counted) <= most and not unequal:
        return counted
    chances = weights[counted] / weights[counted].sum()
    drawn = np.random.default_rng(seed).choice(len(counted), min(most, len(counted)), replace=bool(unequal), p=chances)
    rows: IntArray = counted[drawn]
    if len(np.unique(points[rows], axis=0)) >= k:
        return rows
    _, first = np.unique(points[counted], axis=0, return_index=True)
    return np.concatenate([rows, counted[first[:k]]])
