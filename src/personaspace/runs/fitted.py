"""A run folder that has been fitted, as an object: its split, embedder and personas, and its steered model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from personaspace.embedding.base import Embedder
from personaspace.embedding.registry import load_embedder
from personaspace.persona.personas import Personas
from personaspace.runs.run import Run
from personaspace.survey.split import Split, split
from personaspace.survey.storage import load_survey

if TYPE_CHECKING:
    from personaspace.evaluation.results import Results
    from personaspace.steer.steered_lm import SteeredLM


@dataclass(frozen=True)
class FittedRun:
    """A fitted run, read from its folder; nothing here writes to it.

    Attributes:
        run: The folder and its manifest.
        split: The survey cut into training and evaluation sets.
        embedder: The embedder, fitted on ``split.train``.
        personas: The cluster personas.
    """

    run: Run
    split: Split
    embedder: Embedder
    personas: Personas

    @classmethod
    def load(cls, run: Run) -> Self:
        """Read what ``fit`` left in a run folder.

        Raises:
            RunError: A stage is missing, damaged or out of date.
        """
        command = f"fit SURVEY --out {run.folder}"
        survey = load_survey(run.require("survey", command))
        parts = split(survey, **run.settings("survey")["split"])
        embedder = load_embedder(run.require("embedding", command))
        return cls(run, parts, embedder, Personas.load(run.require("personas", command)))

    def steered_lm(self, device: str = "cpu") -> SteeredLM:
        """Load the language model that the run steered.

        Args:
            device: Where the model runs, such as ``"cpu"`` or ``"cuda"``.

        Raises:
            RunError: The run has not been steered, or was fitted again since.
        """
        from personaspace.steer.steered_lm import SteeredLM

        return SteeredLM.load(self.run.require("steer", f"steer {self.run.folder} --model nano"), device=device)

    def results(self) -> Results:
        """Read the table that ``personaspace evaluate`` wrote.

        Raises:
            RunError: The run has not been evaluated, or an earlier stage was done again since.
        """
        from personaspace.evaluation.results import Results

        return Results.load(self.run.require("evaluation", f"evaluate {self.run.folder}") / "results.json")


def open_run(folder: str | Path) -> FittedRun:
    """Open a run folder made by ``personaspace fit``, to read it; nothing in it is changed.

    Args:
        folder: The run folder.

    Returns:
        The run's split, embedder and personas, and by its methods the steered model and the results.

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
