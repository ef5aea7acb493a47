"""The contract of every embedder: answers in, vectors out, and from vectors predicted answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from personaspace.checks import check_flag, check_whole
from personaspace.embedding.log_linear import LogLinear
from personaspace.embedding.matching import matched_answers
from personaspace.embedding.settings import Settings, check_learnable
from personaspace.errors import MAX_SEED, SurveyError
from personaspace.files import write_atomically, write_json, write_tensors
from personaspace.survey.answers import Answers
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question, offsets_of
from personaspace.survey.stream import SurveyStream
from personaspace.survey.survey import Survey
from personaspace.survey.trait_questions import TraitQuestion, trait_questions, with_traits

OnEpoch = Callable[[int, int, float], None]
"""Called after every epoch with the number of epochs done, the most there can be, and the validation loss."""

FORMAT = 2
CONFIG, WEIGHTS = "config.json", "weights.safetensors"


@dataclass(eq=False)
class Embedder(Settings, LogLinear, ABC):
    """A collaborative filter that turns respondents' answers into vectors and vectors into predicted answers.

    Every embedder predicts log-linearly: at u, a question is answered with its option o with probability
    p(o | u) = exp(<u, v_o> + b_o) / sum over the options o' of the question of exp(<u, v_o'> + b_o').

    Subclasses are dataclasses whose fields are the settings. As in scikit-learn the constructor only stores them,
    :meth:`fit` checks them and returns the embedder itself, and fitted attributes end in ``_``.

    Attributes:
        dim: Length of the vectors.
        seed: The same seed and survey give the same vectors, exactly.
        traits_as_questions: Whether a respondent's traits are answers too, always known and never predicted: in
            training, and when a respondent is placed, by no other answer if need be
            (:func:`personaspace.survey.trait_questions.trait_questions`). Personas are then made of traits as well.
        name: The embedder's name on the command line and in tables.
        tensors: Names of the fitted arrays, which are what is saved.
        ids_: Ids of the respondents it was fitted on.
        respondents_: Their vectors, shape ``[respondents, dim]``: what :meth:`embed` gives for all their answers. Only
            options and biases were learned without the validation answers.
        options_: One vector v_o per option of every question, shape ``[options, dim]``.
        bias_: One number b_o per option, shape ``[options]``.
        questions_: The questions it was fitted on, in the order of ``options_``.
        traits_: The traits it was fitted on, as questions; they have no option vectors.
    """

    name: ClassVar[str]
    tensors: ClassVar[tuple[str, ...]] = ("respondents_", "options_", "bias_")

    dim: int = 128
    seed: int = 0
    traits_as_questions: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        self.ids_: tuple[str, ...] = ()
        self.questions_: tuple[Question, ...] = ()
        self.traits_: tuple[TraitQuestion, ...] = ()
        self.respondents_: Vectors
        self.options_: Vectors
        self.bias_: Vectors

    def check(self) -> None:
        """Check all settings; see :meth:`Settings.check`."""
        check_whole("dim", self.dim, least=1)
        check_whole("seed", self.seed, least=0, most=MAX_SEED)
        check_flag("traits_as_questions", self.traits_as_questions)

    def fit(self, survey: Survey, on_epoch: OnEpoch | None = None) -> Self:
        """Learn vectors from a survey's answers.

        Args:
            survey: At least two respondents and one answer.
            on_epoch: Called after every epoch.

        Returns:
            The embedder itself.

        Raises:
            SettingError: A setting is outside what is allowed.
            UnknownNameError: A setting that is a name is not known.
            SurveyError: There is nothing to learn from, or no trait where traits are asked as questions.
        """
        self.check()
        check_learnable(survey)
        traits = trait_questions(survey) if self.traits_as_questions else ()
        self._learn(with_traits(survey, traits), on_epoch)
        own = slice(int(survey.offsets[-1]))
        self.options_, self.bias_ = self.options_[own], self.bias_[own]
        self.ids_, self.questions_, self.traits_ = survey.respondents, survey.questions, traits
        self.respondents_ = self.embed(survey)
        self._calibrate(survey)
        return self

    @abstractmethod
    def _learn(self, survey: Survey, on_epoch: OnEpoch | None) -> None:
        """Set the fitted arrays but for ``respondents_``, by a survey whose last questions may be traits."""

    def _calibrate(self, survey: Survey) -> None:
        """Calibrate the fitted embedder on the survey's validation answers, where it was not by learning."""

    @abstractmethod
    def embed(self, survey: Survey) -> Vectors:
        """Place respondents, seen or not, from any number of answers including none.

        Args:
            survey: Answers to questions the embedder knows (matched by id; others are ignored), and the traits it
                knows, where it was fitted with traits as questions.

        Returns:
            Vectors of shape ``[respondents, dim]``, in the survey's order.

        Raises:
            NotFittedError: The embedder was not fitted.
            SurveyError: A question has other options than when the embedder was fitted.
        """

    def embed_to(self, stream: SurveyStream, path: str | Path) -> None:
        """Place the respondents of a stream, one block at a time, and write their vectors to a file.

        Args:
            stream: Their answers.
            path: A .npy file to write: float32, shape ``[respondents, dim]``, in the stream's order. Read it with
                ``numpy.load(path, mmap_mode="r")``.

        Raises:
            NotFittedError: The embedder was not fitted.
            SurveyError: A question has other options than when the embedder was fitted, or the embedder places
                respondents by traits, which a stream does not have.
            RunError: The file cannot be written.
        """
        self.check_fitted()
        if self.traits_:
            raise SurveyError(f"{stream!r} is a stream, which has no traits to place by: read_survey, then embed")

        def write(temporary: Path) -> None:
            shape = (len(stream.respondents), self.options_.shape[1])
            with temporary.open("wb") as file:
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
                for block in stream.blocks():
                    file.write(self.embed(block).astype("<f4").tobytes())

        write_atomically(Path(path), write)

    def save(self, folder: str | Path) -> None:
        """Write config.json and weights.safetensors; :func:`load_embedder` reads them.

        Args:
            folder: Made if missing; an embedder already there is replaced, each file in one step.

        Raises:
            NotFittedError: The embedder was not fitted.
            RunError: The folder cannot be written.
        """
        self.check_fitted()
        questions = [question.to_json() for question in self.questions_]
        config = {"format": FORMAT, "embedder": self.name, "settings": asdict(self), "respondents": list(self.ids_)}
        traits = {"traits": [trait.to_json() for trait in self.traits_]} if self.traits_ else {}
        write_tensors(Path(folder) / WEIGHTS, self.state())
        write_json(Path(folder) / CONFIG, config | {"questions": questions} | traits)

    def state(self) -> dict[str, Vectors]:
        """The fitted arrays by name."""
        return {name: getattr(self, name) for name in self.tensors}

    def shapes(
        self, respondents: int, questions: Sequence[Question], traits: Sequence[Question] = ()
    ) -> dict[str, tuple[int, ...]]:
        """The shape that every array of :meth:`state` has after a fit on so many respondents and these questions."""
        del traits
        options = int(offsets_of(questions)[-1])
        return {"respondents_": (respondents, self.dim), "options_": (options, self.dim), "bias_": (options,)}

    def restore(
        self,
        state: Mapping[str, Vectors],
        ids: Sequence[str],
        questions: Sequence[Question],
        traits: Sequence[TraitQuestion] = (),
    ) -> None:
        """Take over what another embedder of these settings learned: its :meth:`state`, and what it was fitted on."""
        for name in self.tensors:
            setattr(self, name, state[name])
        self.ids_, self.questions_, self.traits_ = tuple(ids), tuple(questions), tuple(traits)

    @property
    def placed_by_(self) -> tuple[Question, ...]:
        """What respondents are placed by: the questions, then the traits."""
        return (*self.questions_, *self.traits_)

    def known_answers(self, survey: Survey) -> Answers:
        """The survey's answers to questions the embedder knows, and its traits, counted as in :attr:`placed_by_`."""
        self.check_fitted()
        traits = [question for question in self.placed_by_ if isinstance(question, TraitQuestion)]
        return matched_answers(self.placed_by_, with_traits(survey, traits))
