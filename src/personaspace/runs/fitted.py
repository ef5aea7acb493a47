"""A run folder that has been fitted, as an object: its split, embedder, question prior, personas, steered model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from personaspace.embedding.base import Embedder
from personaspace.embedding.registry import load_embedder
from personaspace.errors import RunError, first_fault
from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.newquestions.new_questions import NewQuestions
from personaspace.persona.labels import labelled
from personaspace.persona.personas import Personas
from personaspace.runs.manifest import MANIFEST
from personaspace.runs.run import Run
from personaspace.survey.split import Split, split
from personaspace.survey.split_settings import SplitSettings
from personaspace.survey.storage import load_survey

if TYPE_CHECKING:
    from personaspace.evaluation.results import Results
    from personaspace.steer.model.language_model import LanguageModel
    from personaspace.steer.steered_lm import SteeredLM

PERSONA_FILES = ("personas.json", "centroids.safetensors")
"""The files of the stage ``personas`` that are read again; its profiles are for people."""

S = TypeVar("S", bound=BaseModel)


class SurveySettings(BaseModel):
    """Settings of the stage ``survey``: the survey's name and digest, and how it was split."""

    name: str
    digest: str
    split: SplitSettings


class _PersonaSettings(BaseModel):
    model_config = ConfigDict(strict=True)

    method: str = "kmeans"


@dataclass(frozen=True)
class FittedRun:
    """A fitted run, whose parts are read from its folder, and their files checked, when first used; nothing is written.

    Attributes:
        run: The folder and its manifest.
    """

    run: Run

    @classmethod
    def load(cls, run: Run) -> Self:
        """Open what ``fit`` left in a run folder.

        Raises:
            RunError: A stage is missing or out of date.
        """
        fitted = cls(run)
        for stage in ("survey", "embedding", "personas"):
            run.up_to_date(stage, fitted._fit)
        return fitted

    @cached_property
    def split(self) -> Split:
        """The survey cut into training and evaluation sets; :class:`RunError` where it is damaged."""
        survey = load_survey(self.run.require("survey", self._fit))
        return split(survey, **asdict(self.survey_settings.split))

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder, fitted on ``split.train``; :class:`RunError` where it is damaged."""
        return load_embedder(self.run.require("embedding", self._fit))

    @cached_property
    def personas(self) -> Personas:
        """The cluster personas, labelled; :class:`RunError` where they are damaged or not of the run's embedder."""
        folder = self.run.require("personas", self._fit, PERSONA_FILES)
        personas = Personas.load(folder)
        personas.check_made_from(self.embedder, folder)
        return labelled(personas, self.run.notes("personas"), given=True)

    @cached_property
    def new_questions(self) -> NewQuestions:
        """What the space expects of questions nobody asked; :class:`RunError` where the question prior is damaged.

        In a run that was fitted by a version without a question prior, the prior is fitted here, and not written.
        """
        prior = QuestionPrior.load(self.run.require("newquestions", self._fit)) if self.has_prior else None
        return NewQuestions(self.embedder, self.split.train, prior)

    @property
    def has_prior(self) -> bool:
        """Whether ``fit`` wrote a question prior into the run."""
        return self.run.has("newquestions")

    @property
    def survey_settings(self) -> SurveySettings:
        """The name and digest of the survey that was fitted, and its split."""
        return self._settings("survey", SurveySettings)

    @property
    def clustering_method(self) -> str:
        """The clustering method of the personas."""
        return self._settings("personas", _PersonaSettings).method

    @property
    def _fit(self) -> str:
        return f"fit SURVEY --out {self.run.folder}"

    def _settings(self, stage: str, schema: type[S]) -> S:
        try:
            return schema.model_validate(self.run.settings(stage))
        except ValidationError as error:
            raise RunError(
                f"{self.run.folder / MANIFEST} is damaged in the settings of stage {stage!r}, {first_fault(error)}; "
                "restore it, or fit into a new folder"
            ) from error

    def steered_lm(self, device: str = "cpu", base: LanguageModel | None = None) -> SteeredLM:
        """Load the language model that the run steered.

        Args:
            device: Where the model runs, such as ``"cpu"`` or ``"cuda"``.
            base: Its base model, where that is loaded already.

        Raises:
            RunError: The run has not been steered, or was fitted again since.
        """
        from personaspace.steer.steered_lm import SteeredLM

        folder = self.run.require("steer", f"steer {self.run.folder} --model nano")
        return SteeredLM.load(folder, base, device)

    def results(self, stage: str = "evaluation") -> Results:
        """Read a table that ``personaspace evaluate`` wrote.

        Args:
            stage: ``"evaluation"``, the run's own table, or ``"rows"``, the one of ``evaluate`` with options.

        Raises:
            RunError: The run has no such table, or an earlier stage was done again since.
        """
        from personaspace.evaluation.results import Results

        return Results.load(self.run.require(stage, f"evaluate {self.run.folder}") / "results.json")


def open_run(folder: str | Path) -> FittedRun:
    """Open a run folder made by ``personaspace fit``, to read it; nothing in it is changed.

    Args:
        folder: The run folder.

    Returns:
        The run's split, embedder, personas and new questions, and by its methods the steered model and the results.

    Raises:
        RunError: It is not a run folder, or a stage is missing, damaged or out of date.

    Example:
        >>> import tempfile
        >>> from personaspace.runs.fit import fit_run
        >>> from personaspace.survey.simulate import simulate
        >>> folder = tempfile.mkdtemp()
        >>> _ = fit_run(Run.create(folder), simulate(respondents=60, seed=0), embedder="factorization", personas=2)
        >>> run = open_run(folder)
        >>> len(run.split.train.respondents), run.embedder.name, run.personas.names
        (48, 'factorization', ('cluster-1', 'cluster-2'))
    """
    return FittedRun.load(Run.open(folder))
