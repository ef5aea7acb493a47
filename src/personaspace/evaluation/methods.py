"""The methods of the table: for an evaluation set, the name of every row chosen and how it is predicted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial

from personaspace.embedding.base import Embedder
from personaspace.evaluation.baselines import embedder_alone, group_majority, majority
from personaspace.evaluation.evaluation_sets import EvaluationSet
from personaspace.evaluation.language_model_rows import GroupRows, individual, question_prior
from personaspace.evaluation.pilot_rows import pilot_rows
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.prompted_rows import prompted_rows
from personaspace.evaluation.prompts import MakePrompts, PromptReader
from personaspace.evaluation.rows import Rows
from personaspace.evaluation.similar_question import own_similar_answer, similar_question_majority
from personaspace.newquestions.new_questions import NewQuestions
from personaspace.persona.clustering.cluster_personas import cluster_personas
from personaspace.persona.personas import Personas
from personaspace.steer.steered_lm import SteeredLM
from personaspace.survey.survey import Survey

Method = tuple[str, Callable[[], Predictions]]
"""The name of a row, and what predicts its answers."""


class Methods:
    """Every method chosen, for any evaluation set.

    Args:
        rows: Those chosen.
        train: The training answers.
        embedder: The embedder, fitted on ``train``.
        clusters: Cluster personas, or ``None``.
        lm: The steered model, or ``None``.
        reader: Reads prompts with the base model; ``None`` where there is no language model.
        seed: Of further cluster personas.
    """

    def __init__(
        self,
        rows: Rows,
        train: Survey,
        embedder: Embedder,
        clusters: Personas | None,
        lm: SteeredLM | None,
        reader: PromptReader | None,
        seed: int,
    ) -> None:
        self.rows, self.train, self.embedder, self.clusters = rows, train, embedder, clusters
        self.lm, self.reader = lm, reader
        self.groups = GroupRows(lm, embedder, train, self._clusterings(seed), rows.groups) if lm else None

    def of(self, at: EvaluationSet) -> Iterator[Method]:
        """Name and prediction of every row, in the order of the table."""
        if at.pilot is not None:
            told = self.lm if "individual" in self.rows and self.lm and self.lm.prior_ else None
            yield from pilot_rows(self.space, at.test, at.pilot, told)
            return
        yield from self._without_model(at)
        if self.reader:
            for name, make in self.prompted(at):
                yield name, partial(self.reader.predict, f"{name}, {at.name}", make, at.test)
        if self.lm and self.groups:
            yield from self._steered(at, self.lm)
            yield from self.groups.rows(at.test, at.vectors)

    @cached_property
    def space(self) -> NewQuestions:
        """The space in which new questions are asked."""
        return NewQuestions(self.embedder, self.train)

    def prompted(self, at: EvaluationSet) -> Iterator[tuple[str, MakePrompts]]:
        """Name and prompts of the rows that the base model reads a prompt for."""
        yield from prompted_rows(self.rows, self.train, at.known, at.vectors, self.embedder, self.clusters)

    def _without_model(self, at: EvaluationSet) -> Iterator[Method]:
        rows, train, test = self.rows, self.train, at.test
        if "majority" in rows:
            yield "majority", partial(majority, train, test)
        if at.seen and "group majority" in rows:
            for trait in map(str, train.traits.columns):
                yield f"group majority: {trait}", partial(group_majority, train, test, trait)
        if at.seen and "embedder alone" in rows:
            name = f"embedder alone: {self.embedder.name}"
            yield name, partial(embedder_alone, self.embedder, at.vectors, test)
        if not at.seen and "similar question" in rows:
            yield "similar question", partial(similar_question_majority, train, test)
        if not at.seen and "own similar answer" in rows:
            yield "own similar answer", partial(own_similar_answer, train, test, at.known)

    def _steered(self, at: EvaluationSet, lm: SteeredLM) -> Iterator[Method]:
        if "untrained" in self.rows:
            yield "untrained", partial(individual, lm.untrained(), at.vectors, at.test)
        if "question prior" in self.rows and lm.prior_ is not None:
            yield "question prior", partial(question_prior, lm, at.vectors, at.test)
        if "individual" in self.rows:
            yield "individual", partial(individual, lm, at.vectors, at.test)

    def _clusterings(self, seed: int) -> dict[int, Personas]:
        """Cluster personas by their number, those given first; others are exactly as many as asked for."""
        made = {len(self.clusters): self.clusters} if self.clusters and self.rows.own_clusters else {}
        for k in self.rows.clusters:
            if k not in made:
                made[k] = cluster_personas(self.embedder, self.train, k=k, smallest=1, seed=seed)
        return made
