"""LightGCN over respondents and options, trained to predict the answers left out of its graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from personaspace.checks import check_number, check_whole
from personaspace.embedding.base import OnEpoch
from personaspace.embedding.calibrated import Calibrated
from personaspace.embedding.sparse import chosen_options, inverse_root_degrees
from personaspace.errors import SurveyError, unknown
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question, offsets_of
from personaspace.survey.stream import SurveyBlocks, SurveyStream
from personaspace.survey.survey import Survey

LARGE = 20_000  # respondents above which a step takes a sample of the graph
NODES = ("options", "questions")


@dataclass(eq=False)
class LightGCN(Calibrated):
    """LightGCN (arXiv 2002.02126) with a node per respondent and a node per *option*.

    Vectors travel along the answers, without transform or nonlinearity (its eq. 3), and the layers' outputs are
    averaged (its eq. 4):

        u_i^(l+1) = sum over options o that i chose of v_o^(l) / sqrt((deg_i + prior) deg_o)
        v_o^(l+1) = sum over respondents i who chose o of u_i^(l) / sqrt((deg_i + prior) deg_o)
        u_i = mean of u_i^(0..layers),  v_o = mean of v_o^(0..layers),  score(i, o) = <u_i, v_o> + b_o

    with b_o the logarithm of how often o was chosen, so that u = 0 predicts what the population answers.

    Three things differ from the paper. Only options have vectors of their own, v_o^(0) ("items" there); a respondent
    ("user") starts at u_i^(0) = 0, so whoever has answers is placed by the same formula, seen or unseen, without
    fitting anything. ``prior`` empty answers in the degree keep those who answered little near the origin. Every
    batch leaves a random part of the answers out of the graph, and the loss is the cross-entropy of exactly these,
    each over the options of its question.

    In the end v and b are calibrated (:func:`personaspace.embedding.platt.platt_scale`), by the first block where the
    survey comes in blocks.

    Attributes:
        layers: How often vectors travel along the graph.
        prior: Empty answers added to every respondent's degree.
        dropout: Share of the answers left out of the graph, and predicted, in a batch.
        learning_rate: Adam's, falling along half a cosine.
        epochs: Epochs at most.
        patience: Epochs without improvement on the validation answers before training ends.
        nodes: ``"options"``; or ``"questions"``, where only these have vectors of their own, v_o^(0) = (2 x_o - 1) q_j
            for the option of question j at position x_o: the order of the options is then all that answers carry.
        weighted: Whether the loss counts respondents by their survey weights.
        ordinal: Weight of the order of options in the loss (:class:`personaspace.embedding.loss.AnswerLoss`).
        messages_: What an answer adds to its respondent's vector, shape ``[options, dim]``.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100)
        >>> embedder = LightGCN(dim=8, epochs=2).fit(survey)
        >>> embedder.embed(survey).shape
        (100, 8)
    """

    name: ClassVar[str] = "lightgcn"
    tensors: ClassVar[tuple[str, ...]] = ("respondents_", "options_", "bias_", "messages_")

    dim: int = 128
    seed: int = 0
    layers: int = 2
    prior: float = 20.0
    dropout: float = 0.5
    learning_rate: float = 0.2
    epochs: int = 30
    patience: int = 3
    nodes: str = "options"
    weighted: bool = False
    ordinal: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.messages_: Vectors

    def check(self) -> None:
        """Check all settings; see :meth:`Settings.check`."""
        super().check()
        for name in ("layers", "epochs", "patience"):
            check_whole(name, getattr(self, name), least=1)
        check_number("dropout", self.dropout, 0, 1, above=True, below=True)
        check_number("learning_rate", self.learning_rate, 0, 10, above=True)
        check_number("prior", self.prior, 0, 1e6, above=True)
        check_number("ordinal", self.ordinal, 0, 1e3)
        if self.nodes not in NODES:
            raise unknown("kind of nodes", str(self.nodes), NODES)

    def fit(self, survey: Survey | SurveyStream, on_epoch: OnEpoch | None = None) -> Self:
        """Learn the option vectors; see :meth:`Embedder.fit`.

        Args:
            survey: In memory, or a stream, of which one block at a time is in memory beside ``respondents_``. With a
                stream, or more than 20,000 respondents, every block is taken for a sample of the graph, so that time
                grows linearly: a stream's respondents should be in random order. ``epochs`` and
                ``patience`` then count tenths of an epoch where there are ten blocks, and the vectors are close to
                those that the whole graph gives, not the same.
            on_epoch: Called after every epoch, or tenth of one.

        Returns:
            The embedder itself.
        """
        if not isinstance(survey, SurveyStream):
            return super().fit(survey, on_epoch)
        self.check()
        if self.traits_as_questions:
            raise SurveyError(f"{survey!r} is a stream, which has no traits: read_survey brings them into memory")
        self._learn(survey, on_epoch)
        self.ids_, self.questions_, self.traits_ = survey.respondents, survey.questions, ()
        self.respondents_, start = np.empty((len(survey.respondents), self.dim), np.float32), 0
        for block in survey.blocks():
            end = start + len(block.respondents)
            self.respondents_[start:end], start = self.embed(block), end
        super()._calibrate(next(survey.blocks([0])))
        return self

    def _learn(self, survey: Survey | SurveyStream, on_epoch: OnEpoch | None) -> None:
        from personaspace.embedding.lightgcn.streaming import fit_stream
        from personaspace.embedding.lightgcn.training import fit_graph

        if isinstance(survey, SurveyStream):
            training, vectors = fit_stream(survey, self, on_epoch)
        elif len(survey.respondents) > LARGE:
            training, vectors = fit_stream(self._blocks(survey), self, on_epoch)
        else:
            training, vectors = fit_graph(survey, self, on_epoch)
        self.options_, sent = vectors
        self.bias_, self.messages_ = training.bias.numpy(), sent * training.option_norm[:, None]

    def _calibrate(self, survey: Survey) -> None:
        large = len(survey.respondents) > LARGE
        super()._calibrate(survey.select(self._blocks(survey).rows(0)) if large else survey)

    def _blocks(self, survey: Survey) -> SurveyBlocks:
        return SurveyBlocks(survey, LARGE // 2, self.seed)

    def shapes(
        self, respondents: int, questions: Sequence[Question], traits: Sequence[Question] = ()
    ) -> dict[str, tuple[int, ...]]:
        """The shape of every array; see :meth:`Embedder.shapes`."""
        sent = (int(offsets_of([*questions, *traits])[-1]), self.dim)
        return super().shapes(respondents, questions) | {"messages_": sent}

    def embed(self, survey: Survey) -> Vectors:
        """Place respondents along their answers, without fitting anything; see :meth:`Embedder.embed`."""
        answers, respondents = self.known_answers(survey), len(survey.respondents)
        norm = inverse_root_degrees(answers, respondents, self.prior)[answers.respondent]
        vectors: Vectors = chosen_options(answers, respondents, offsets_of(self.placed_by_), norm) @ self.messages_
        return vectors
