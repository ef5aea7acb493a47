"""A survey as a stranger would bring it, and a steered run that other libraries can read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from personaspace.runs.run import Run
from personaspace.runs.steer import steer_run
from personaspace.steer.forward.attach import Attachment
from personaspace.steer.training.settings import TrainSettings
from personaspace.survey.simulate import simulate


@pytest.fixture(scope="session")
def prompt_run(fitted_run: Path, tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Steered before the question, in prompt form, by the published soft-prompting model."""
    folder = shutil.copytree(fitted_run, tmp_path_factory.mktemp("prompt") / "run")
    attachment, settings = Attachment("before", "prompt"), TrainSettings(epochs=1)
    steer_run(Run.open(folder), str(tiny_folder), attachment=attachment, soft_prompt="mlp", settings=settings)
    return folder


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wide CSV of 80 respondents and 12 questions, beside its codebook."""
    folder = tmp_path_factory.mktemp("survey")
    survey = simulate(respondents=80, seed=0).select(questions=range(12))
    wide = pd.DataFrame({"id": survey.respondents, "age": survey.traits.iloc[:, 0].to_numpy()})
    for j, question in enumerate(survey.questions):
        chosen = survey.answers.question == j
        texts = {
            int(r): question.options[o].text
            for r, o in zip(survey.answers.respondent[chosen], survey.answers.option[chosen], strict=True)
        }
        wide[question.id] = [texts.get(i) for i in range(len(survey.respondents))]
    wide.to_csv(folder / "answers.csv", index=False)
    questions = {q.id: {"text": q.text, "options": [o.text for o in q.options]} for q in survey.questions}
    codebook = {"respondent": "id", "traits": ["age"], "questions": questions}
    (folder / "answers.codebook.json").write_text(json.dumps(codebook))
    return folder / "answers.csv"
