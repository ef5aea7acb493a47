"""Quick start: from a survey to personas, their answers to a new question, and what the predictions are worth.

    python examples/quick_start.py [RUN]

The survey is simulated: nobody real answered it. In a notebook, leave out ``print``: every table shows itself.
"""

# %% A survey, and what is held out of it to be predicted
import sys

import personaspace as ps

survey = ps.simulate(respondents=400, seed=0)
split = ps.split(survey, seed=0)
print(survey)

# %% Every respondent is placed in a space by what they answered; those who answer alike lie close
space = ps.LightGCN(dim=32, seed=0).fit(split.train)

# %% Personas: groups of people who answer alike, as many as the answers support
personas = ps.cluster_personas(space, split.train, k="elbow")
found = ps.profile(personas, split.train)
print(found.cards["card"].iloc[0])

# %% A question nobody was asked, from its text alone
asked = ps.NewQuestions(space, split.train).ask("Should the voting age be lowered?", ["Yes", "No", "Not sure"])
print(asked.predict(personas).probabilities)

# %% What predictions are worth, beside the majority and every other baseline
results = ps.evaluate(None, space, split, personas)
print(results.summary())
print(results.difference("embedder alone: lightgcn", "majority", split="held-out answers"))

# %% All of it on one page, from a run folder that `personaspace fit simulated --out RUN` made
if len(sys.argv) > 1:
    ps.report(sys.argv[1]).save("report.html")
