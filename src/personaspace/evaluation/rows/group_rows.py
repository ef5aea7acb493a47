"""Rows in which one point of the space answers for many respondents: cluster personas and demographic groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property, partial

import numpy as np

from personaspace.embedding.base import Embedder
from personaspace.errors import PersonaSpaceError, SettingError
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
        self._made: dict[int | Traits, Personas] = {} if clusters is None else {len(clusters): clusters}

    def personas(self, of: int | Traits) -> Personas:
        """Make a number of cluster personas, or the demographic personas of a trait or of two that are crossed.

        Cluster personas are those given where they are as many, else exactly as many as asked for, however small.

        Raises:
            SettingError: There are fewer different respondents than clusters.
            SurveyError: No respondent has a value of the trait.
        """
        if of not in self._made:
            self._made[of] = self._clusters(of) if isinstance(of, int) else self._groups(of)
        return self._made[of]

    def _clusters(self, k: int) -> Personas:
        made = cluster_personas(self.embedder, self.train, k=k, smallest=1, seed=self.seed)
        if len(made) < k:
            raise SettingError(f"all respondents are expected to give the same answers: there are no {k} clusters")
        return made

    def _groups(self, traits: Traits) -> Personas:
        return demographic_personas(self.embedder, crossed(self.train, traits), PAIR.join(traits))


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
        personas = self.space.personas(k)
        nearest = positions(personas.of(self.space.embedder, vectors), personas.names)
        return self._of_points(self._start[k] + nearest, test)

    def _of_group(self, traits: Traits, test: Survey) -> Predictions:
        name, personas = PAIR.join(traits), self.space.personas(traits)
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
        """The personas of every row; those that cannot be made are left out, and their own rows say why."""
        wanted: dict[int | Traits, Personas] = {}
        every: tuple[int | Traits, ...] = (*self.ks, *self.traits)
        for of in every:
            with suppress(PersonaSpaceError):
                wanted[of] = self.space.personas(of)
        return wanted

    @cached_property
    def _start(self) -> dict[int | Traits, int]:
        """The place of the first persona of each clustering and each trait among the points."""
        sizes = [1, *map(len, self._wanted.values())]
        return dict(zip(self._wanted, np.cumsum(sizes).tolist(), strict=False))

    @cached_property
    def _points(self) -> Vectors:
        everybody = self.space.embedder.respondents_.mean(axis=0, keepdims=True)
        return np.concatenate([everybody, *(personas.vectors for personas in self._wanted.values())]).astype(np.float32)
