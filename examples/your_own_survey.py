"""Your own survey: an SPSS file with its labels, as it comes from the institute.

    python examples/your_own_survey.py [survey.sav]

Without a file, a small one is written first.
"""

# %% The file, and what was understood of it
import sys
import tempfile
from pathlib import Path

import pyreadstat

import personaspace as ps


def example(path: Path) -> Path:
    """Write an SPSS file of 200 simulated people: an id, a weight, two traits and ten questions."""
    simulated = ps.simulate(respondents=200, seed=1)
    frame = simulated.to_frame().iloc[:, :10]
    labels: dict[str, dict[int | float, str]] = {
        str(name): dict(enumerate(dict.fromkeys(frame[name].dropna()), 1)) for name in frame
    }
    coded = frame.apply(lambda column: column.map({text: code for code, text in labels[column.name].items()}))
    coded.insert(0, "ID", range(1, len(coded) + 1))
    texts = {question.id: question.text for question in simulated.questions}
    named = [texts.get(name, name) for name in coded.columns]
    pyreadstat.write_sav(coded, path, column_labels=named, variable_value_labels=labels)
    return path


file = Path(sys.argv[1]) if len(sys.argv) > 1 else example(Path(tempfile.mkdtemp()) / "survey.sav")
survey = ps.read_survey(file)
print(survey)
print(survey.describe())

# %% What was guessed can be corrected: `personaspace codebook survey.sav --out book.yaml`, edit it, then
# survey = ps.read_survey("survey.sav", codebook="book.yaml")

# %% Personas, and who belongs to them
split = ps.split(survey, seed=0)
space = ps.LightGCN(dim=32, seed=0).fit(split.train)
personas = ps.cluster_personas(space, split.train, k=3)
print(personas.of(space).value_counts())

# %% Blanks filled, five times, so that what is not known stays visible
filled = ps.impute(space, split.train, draws=5, seed=0)
print(filled.table(0).head())
