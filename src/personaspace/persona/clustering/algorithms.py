"""Four ways to cluster points, behind one interface."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np

from personaspace.errors import unknown
from personaspace.persona.gaussian_mixture import GaussianMixture, Reals, nearest
from personaspace.survey.arrays import FloatArray, IntArray, Vectors

SAMPLE = 2000
"""Respondents from whom the agglomerative tree is built, which takes time and memory by their square."""

STARTS = 10
"""Random starts of K-Means and of the mixture; the best is kept."""


class Clustering(NamedTuple):
    """Points in clusters.

    Attributes:
        labels: Each point's cluster, -1 for none, shape ``[points]``.
        centres: Shape ``[clusters, dimensions]``.
        clouds: The mixture the clusters are the components of; ``None`` for methods that have none.
    """

    labels: IntArray
    centres: Reals
    clouds: GaussianMixture | None = None

    def assign(self, points: Vectors) -> IntArray:
        """The cluster of any points: the likeliest component of a mixture, else the nearest centre."""
        return nearest(points, self.centres) if self.clouds is None else self.clouds.membership(points).argmax(axis=1)

    def without(self, gone: IntArray, points: Vectors) -> Clustering:
        """The clustering without some of its clusters, whose members join the nearest or likeliest of the others.

        Args:
            gone: The clusters to leave out, not all.
            points: The points that were clustered, shape ``[points, dimensions]``.
        """
        left = np.setdiff1d(np.arange(len(self.centres)), gone)
        number = np.full(len(self.centres) + 1, -1, np.int64)
        number[left] = np.arange(len(left))
        clouds = None if self.clouds is None else self.clouds.some(left)
        fewer = Clustering(number[self.labels], self.centres[left], clouds)
        homeless = np.flatnonzero(np.isin(self.labels, gone))
        fewer.labels[homeless] = fewer.assign(points[homeless])
        return fewer


class Clusterer(Protocol):
    """A way to cluster points."""

    @property
    def name(self) -> str:
        """On the command line and in tables."""

    @property
    def finds_k(self) -> bool:
        """Whether it finds the number of clusters itself; it is then given k = 0."""

    def __call__(
        self, points: Vectors, weights: FloatArray, k: int, seed: int, smallest: int, starts: int = STARTS
    ) -> Clustering:
        """Cluster.

        Args:
            points: Shape ``[n, dimensions]``, at least k of them different and of a weight above 0.
            weights: What each point counts, shape ``[n]``.
            k: Number of clusters.
            seed: The same seed gives the same clusters.
            smallest: Points a cluster should have at least; heeded by methods that find k themselves.
            starts: Random starts, where the method has any.

        Returns:
            At most k clusters.
        """


class KMeansClusterer:
    """K-Means (Lloyd). Survey weights are sample weights."""

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
    """A mixture of round Gaussians, each with a variance of its own.

    It knows no weights: where they differ, it learns from as many respondents drawn in proportion to them.
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
        clouds = GaussianMixture(*(part.astype(np.float32) for part in (mixture.means_, variances, mixture.weights_)))
        found = Clustering(clouds.membership(points).argmax(axis=1), clouds.centres, clouds)
        return found.without(np.setdiff1d(np.arange(k), found.labels), points)


class AgglomerativeClusterer:
    """Ward's tree, cut at k clusters, from at most 2,000 respondents; the others join the nearest centre.

    The tree knows no weights: where they differ, its respondents are drawn in proportion to them.
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
        everybody = nearest(points, centres)
        everybody[rows] = labels
        return Clustering(everybody, centres)


class HDBSCANClusterer:
    """HDBSCAN (Campello et al. 2013): dense groups, however many; who lies in none belongs to no cluster.

    Distances are between points, not weighted: weights count in centres and shares only.
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


def _together(points: Vectors, weights: FloatArray) -> Clustering:
    """Everybody in one cluster."""
    return Clustering(np.zeros(len(points), np.int64), np.average(points, axis=0, weights=weights)[None])


def _drawn(weights: FloatArray, most: int, k: int, points: Vectors, seed: int) -> IntArray:
    """Rows to learn from: all, or where there are too many or their weights differ, some drawn by weight."""
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
