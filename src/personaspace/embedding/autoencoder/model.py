"""A denoising autoencoder: one pass from any subset of a respondent's answers to a vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from personaspace.checks import check_number, check_whole
from personaspace.embedding.autoencoder.encoder import encode
from personaspace.embedding.base import Embedder, OnEpoch
from personaspace.embedding.calibrated import Calibrated
from personaspace.errors import SettingError
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question, offsets_of
from personaspace.survey.survey import Survey


@dataclass(eq=False)
class Autoencoder(Calibrated):
    """A denoising autoencoder (Vincent et al. 2008) over options, in the line of arXiv 1802.05814.

        x_o = 5 / sqrt(n + 20) for the n options chosen, else 0
        u = tanh(W x + c),  score(o) = <u, v_o> + b_o

    In every step a random share of each respondent's answers, the share itself uniform between the two of ``hidden``,
    is taken out of x, and the loss is that of exactly these answers. So the encoder learns to place people by few
    answers as well as by many: seen or not, a respondent is embedded in one pass.

    Attributes:
        hidden: The least and the greatest share of answers hidden in a step.
        dropout: Share of the vector's numbers set to 0 in a step.
        learning_rate: Adam's, falling along half a cosine.
        epochs: Epochs at most.
        patience: Epochs without improvement on the validation answers before training ends.
        weighted: Whether the loss counts respondents by their survey weights.
        ordinal: Weight of the order of options in the loss (:class:`personaspace.embedding.loss.AnswerLoss`).
        encoder_: W, transposed, shape ``[options, dim]``.
        shift_: c, shape ``[dim]``.

    Example:
        >>> from personaspace.survey.simulate import simulate
        >>> survey = simulate(respondents=100)
        >>> Autoencoder(dim=32, epochs=2).fit(survey).embed(survey).shape
        (100, 32)
    """

    name: ClassVar[str] = "autoencoder"
    tensors: ClassVar[tuple[str, ...]] = (*Embedder.tensors, "encoder_", "shift_")

    dim: int = 256
    seed: int = 0
    hidden: tuple[float, float] = (0.2, 0.8)
    dropout: float = 0.5
    learning_rate: float = 4e-3
    epochs: int = 30
    patience: int = 5
    weighted: bool = False
    ordinal: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.encoder_: Vectors
        self.shift_: Vectors

    def check(self) -> None:
        """Check all settings; see :meth:`Settings.check`."""
        super().check()
        check_whole("epochs", self.epochs, least=1)
        check_whole("patience", self.patience, least=1)
        if not isinstance(self.hidden, tuple | list) or len(self.hidden) != 2:
            raise SettingError(f"hidden is {self.hidden!r:.60}: give two shares, such as (0.2, 0.8)")
        for share in self.hidden:
            check_number("hidden", share, 0, 1, above=True, below=True)
        check_number("dropout", self.dropout, 0, 1, below=True)
        check_number("learning_rate", self.learning_rate, 0, 10, above=True)
        check_number("ordinal", self.ordinal, 0, 1e3)

    def _learn(self, survey: Survey, on_epoch: OnEpoch | None) -> None:
        from personaspace.embedding.autoencoder.training import fit

        self.encoder_, self.shift_, self.options_, self.bias_ = fit(survey, self, on_epoch)

    def shapes(
        self, respondents: int, questions: Sequence[Question], traits: Sequence[Question] = ()
    ) -> dict[str, tuple[int, ...]]:
        """The shape of every array; see :meth:`Embedder.shapes`."""
        inputs = int(offsets_of([*questions, *traits])[-1])
        return super().shapes(respondents, questions) | {"encoder_": (inputs, self.dim), "shift_": (self.dim,)}

    def embed(self, survey: Survey) -> Vectors:
        """Place respondents in one pass over their answers; see :meth:`Embedder.embed`."""
        answers = self.known_answers(survey)
        return encode(answers, len(survey.respondents), offsets_of(self.placed_by_), self.encoder_, self.shift_)
