"""The methods of the table: for an evaluation set, every row chosen and how it is predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property, partial

from personaspace.embedding.base import Embedder
from personaspace.embedding.registry import make_embedder
from personaspace.errors import PersonaSpaceError
from personaspace.evaluation.evaluation_sets import EvaluationSet
from personaspace.evaluation.notes import Notes
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.rows.baselines import embedder_alone, group_majority, majority
from personaspace.evaluation.rows.boosted_trees import BoostedTrees
from personaspace.evaluation.rows.choice import PAIR, WITH_ANSWERS, Rows, each_trait
from personaspace.evaluation.rows.group_rows import GroupRows, GroupSpace
from personaspace.evaluation.rows.kinds import ROWS
from personaspace.evaluation.rows.language_model_rows import given_weights, individual, question_prior
from personaspace.evaluation.rows.method import Method
from personaspace.evaluation.rows.pilot_rows import pilot_rows
from personaspace.evaluation.rows.prompted_rows import fewest_known, prompted_rows
from personaspace.evaluation.rows.prompts import MakePrompts, PromptReader
from personaspace.evaluation.rows.similar_question import own_similar_answer, similar_question_majority
from personaspace.newquestions.new_questions import NewQuestions
from personaspace.newquestions.option_weights import OptionWeights
from personaspace.persona.personas import Personas
from personaspace.steer.protocols import OnStep
from personaspace.steer.steered_lm import SteeredLM
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey


class Methods:
    """Every method chosen, for any evaluation set.

    Args:
        rows: Those chosen.
        train: The training answers.
        embedder: The embedder, fitted on ``train``.
        clusters: Cluster personas, or ``None``.
        lm: The steered model, or ``None``.
        reader: Reads prompts with the base model; ``None`` where there is no language model.
        seed: Of further cluster personas and of boosted trees.
        on_step: Called while further embedders and boosted trees are fitted.

    Attributes:
        names: Embedders that predict alone.
        further: Those of them that are fitted when they are first needed.

    Raises:
        SettingError: Boosted trees are chosen and CatBoost is not installed.
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
        on_step: OnStep | None = None,
    ) -> None:
        self._notes = Notes()
        without = [kind.name for kind in ROWS.values() if kind.traits and kind.name in rows and not each_trait(train)]
        if without:
            rows = replace(rows, names=rows.names.difference(without), trees=())
            for row in without:
                self._notes.add("n/a, the survey has no traits", row)
        self.rows, self.train, self.embedder, self.clusters = rows, train, embedder, clusters
        self.lm, self.reader, self.on_step = lm, reader, on_step
        self.trees = [BoostedTrees(train, kind == WITH_ANSWERS, seed, on_step) for kind in rows.trees]
        space = GroupSpace(embedder, train, clusters, seed)
        self.alone = GroupRows(self._at_points, space, rows.alone, "embedder alone at ")
        self.groups = GroupRows(lm.predict, space, rows.steered) if lm else None
        self.untrained = lm.untrained() if lm and "untrained" in rows else None
        self.names = tuple(dict.fromkeys(name or embedder.name for name in rows.embedders))
        self.further = tuple(name for name in self.names if name != embedder.name)
        self._fitted = {embedder.name: embedder}
        self._prompted: dict[str, list[tuple[str, MakePrompts]]] = {}

    def of(self, at: EvaluationSet) -> Iterator[Method]:
        """Every row, in the order of the table."""
        if at.pilot is not None:
            informed = self.lm if "individual" in self.rows and self.lm and self.lm.prior_ else None
            yield from pilot_rows(self.space, at.pilot, informed)
            return
        yield from self._seen(at) if at.seen else self._new(at)
        if "question prior" in self.rows:
            yield Method("question prior", partial(question_prior, self._expected, at.vectors))
        if self.reader:
            for k in self.rows.contexts:
                if len(at.known.answers) and fewest_known(at.known, at.test) < k:
                    self._notes.add("of some respondents fewer answers are known and stated", f"context K={k}", at.name)
            for name, make in self.prompted(at):
                predict = partial(self.reader.predict, f"{name}, {at.name}", make)
                yield Method(name, predict, of_known=name not in ("raw question", "demographics"))
        if self.lm and self.groups:
            yield from self._steered(at, self.lm)
            yield from self.groups.rows(at)

    def cannot(self, method: Method, at: EvaluationSet, why: PersonaSpaceError) -> None:
        """Note that a row cannot be measured on an evaluation set."""
        self._notes.add(f"n/a, {why}", method.name, at.name)

    @property
    def notes(self) -> list[str]:
        """Sentences on rows that cannot be measured, or that state fewer answers than their names say."""
        return self._notes.sentences

    @cached_property
    def space(self) -> NewQuestions:
        """The space in which new questions are asked."""
        return NewQuestions(self.embedder, self.train)

    def prompted(self, at: EvaluationSet) -> list[tuple[str, MakePrompts]]:
        """Name and prompts of the rows that the base model reads a prompt for; the same whenever they are asked for."""
        if at.name not in self._prompted:
            rows = prompted_rows(self.rows, self.train, at.known, at.vectors, self.embedder, self.clusters)
            self._prompted[at.name] = list(rows)
        return self._prompted[at.name]

    def _seen(self, at: EvaluationSet) -> Iterator[Method]:
        """Rows without a language model for questions that were asked in training."""
        if "majority" in self.rows:
            yield Method("majority", partial(majority, self.train), of_known=False)
        for traits in self.rows.majorities:
            predict = partial(group_majority, self.train, traits=traits)
            yield Method(f"group majority: {PAIR.join(traits)}", predict, of_known=False)
        for trees in self.trees:
            name = f"boosted trees: {trees.name}"
            yield Method(name, partial(trees.predict, at.known), of_known=trees.answers, slow=True)
        for name in self.names:
            yield Method(f"embedder alone: {name}", partial(self._embedder_alone, name, at))
        yield from self.alone.rows(at)

    def _new(self, at: EvaluationSet) -> Iterator[Method]:
        """Rows without a language model for questions that nobody was asked."""
        if "majority" in self.rows:
            yield Method("majority", partial(majority, self.train), of_known=False)
        if "similar question" in self.rows:
            yield Method("similar question", partial(similar_question_majority, self.train), of_known=False)
        if "own similar answer" in self.rows:
            yield Method("own similar answer", partial(own_similar_answer, self.train, known=at.known))

    def _steered(self, at: EvaluationSet, lm: SteeredLM) -> Iterator[Method]:
        if "question prior" in self.rows and lm.prior_ is not None:
            yield Method("question prior with states", partial(question_prior, partial(given_weights, lm), at.vectors))
        if self.untrained:
            yield Method("untrained", partial(individual, self.untrained, at.vectors), slow=True)
        if "individual" in self.rows:
            yield Method("individual", partial(individual, lm, at.vectors), slow=True)

    def _expected(self, question: Question) -> OptionWeights:
        return self.space.prior.of(question)

    def _at_points(self, points: Vectors, question: Question) -> Vectors:
        return self.embedder.predict_questions(points, [question.id])[0]

    def _embedder_alone(self, name: str, at: EvaluationSet, test: Survey) -> Predictions:
        embedder = self._embedder(name)
        vectors = at.vectors if embedder is self.embedder else embedder.embed(at.known)
        return embedder_alone(embedder, vectors, test)

    def _embedder(self, name: str) -> Embedder:
        """An embedder by name: the one given, or another with its usual settings, fitted when first needed."""
        if name not in self._fitted:

            def on_epoch(epoch: int, epochs: int, loss: float) -> None:
                if self.on_step:
                    self.on_step(f"embedding: {name}", epoch, epochs, f"validation loss {loss:.3f}")

            made = make_embedder(name, seed=self.embedder.seed)
            self._fitted[name] = made.fit(self.train, on_epoch=on_epoch)
        return self._fitted[name]
