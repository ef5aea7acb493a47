"""Rows in which one point of the space answers for many respondents: cluster personas and demographic groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.evaluation.evaluation_sets import EvaluationSet
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.rows.baselines import crossed
from personaspace.evaluation.rows.choice import PAIR, Points, Traits
from personaspace.evaluation.rows.language_model_rows import each_question
from personaspace.evaluation.rows.method import Method
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.groups import demographic_personas
from personaspace.persona.personas import Personas
from personaspace.survey.arrays import FloatArray, IntArray, Vectors
from personaspace.survey.lookup import NOWHERE, positions
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

EVERYBODY = 0
"""The place of the mean of all vectors among the points."""


class GroupSpace:
    """The personas that stand for groups of an embedder's respondents, made when they are first needed.

    Args:
        embedder: The embedder, fitted on ``train``.
        train: The training respondents and their traits.
        clusters: The cluster personas that were given, or ``None``.
        seed: Of further cluster personas.
    """

    def __init__(self, embedder: Embedder, train: Survey, clusters: Personas | None, seed: int) -> None:
        self.embedder, self.train, self.seed = embedder, train, seed
        self.given = clusters
        self._clusters = {} if clusters is None else {len(clusters): clusters}
        self._groups: dict[Traits, Personas] = {}

    def clusters(self, k: int) -> Personas:
        """Cluster personas: those given where they are k, else exactly k, however small."""
        if k not in self._clusters:
            self._clusters[k] = cluster_personas(self.embedder, self.train, k=k, smallest=1, seed=self.seed)
        return self._clusters[k]

    def groups(self, traits: Traits) -> Personas:
        """A demographic persona for every value of a trait, or for every pair of values of two."""
        if traits not in self._groups:
            crossing = crossed(self.train, traits)
            self._groups[traits] = demographic_personas(self.embedder, crossing, PAIR.join(traits))
        return self._groups[traits]


class GroupRows:
    """Rows in which one point stands for many respondents.

    A group is asked a question once for all evaluation sets: all groups in one pass where a question has more answers
    than there are groups, else those that the answers need.

    Args:
        predict: Answers a question for points ``[n, dim]``: probabilities ``[n, options]``.
        space: Makes the personas.
        points: Those that are wanted.
        name: What stands before the groups in the names of the rows.
    """

    def __init__(
        self, predict: Callable[[Vectors, Question], Vectors], space: GroupSpace, points: Points, name: str = ""
    ) -> None:
        self.predict, self.space, self.name = predict, space, name
        own = [len(space.given)] if space.given is not None and points.own_clusters else []
        self.ks = tuple(dict.fromkeys([*own, *points.clusters]))
        self.traits = points.groups
        self._tables: dict[str, FloatArray] = {}

    def rows(self, at: EvaluationSet) -> Iterator[Method]:
        """Yield every row.

        A respondent belongs to the cluster nearest by expected answers. A respondent whose trait value is missing, or
        unknown in training, is predicted by the mean of all vectors.

        Args:
            at: The evaluation set.
        """
        for k in self.ks:
            yield Method(f"{self.name}cluster k={k}", partial(self._of_cluster, k, at.vectors), slow=True)
        for traits in self.traits:
            name = f"{self.name}demographic: {PAIR.join(traits)}"
            yield Method(name, partial(self._of_group, traits), of_known=False, slow=True)

    def _of_cluster(self, k: int, vectors: Vectors, test: Survey) -> Predictions:
        personas = self.space.clusters(k)
        nearest = positions(personas.of(self.space.embedder, vectors), personas.names)
        return self._of_points(self._start[k] + nearest, test)

    def _of_group(self, traits: Traits, test: Survey) -> Predictions:
        name, personas = PAIR.join(traits), self.space.groups(traits)
        values = crossed(test, traits).traits[name]
        group = positions(values, [of_value.removeprefix(f"{name}=") for of_value in personas.names])
        return self._of_points(np.where(group == NOWHERE, EVERYBODY, self._start[traits] + group), test)

    def _of_points(self, point: IntArray, test: Survey) -> Predictions:
        def predict(respondents: IntArray, question: Question) -> FloatArray:
            wanted = point[respondents]
            table = self._tables.setdefault(question.id, np.full((len(self._points), len(question.options)), np.nan))
            unknown = np.flatnonzero(np.isnan(table[:, 0]))
            if len(wanted) < len(self._points):
                unknown = np.intersect1d(unknown, wanted)
            if len(unknown):
                table[unknown] = self.predict(self._points[unknown], question)
            return table[wanted]

        return each_question(predict, test)

    @cached_property
    def _wanted(self) -> dict[int | Traits, Personas]:
        return {k: self.space.clusters(k) for k in self.ks} | {t: self.space.groups(t) for t in self.traits}

    @cached_property
    def _start(self) -> dict[int | Traits, int]:
        """The place of the first persona of each clustering and each trait among the points."""
        sizes = [1, *map(len, self._wanted.values())]
        return dict(zip(self._wanted, np.cumsum(sizes).tolist(), strict=False))

    @cached_property
    def _points(self) -> Vectors:
        everybody = self.space.embedder.respondents_.mean(axis=0, keepdims=True)
        return np.concatenate([everybody, *(personas.vectors for personas in self._wanted.values())]).astype(np.float32)
