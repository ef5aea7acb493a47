"""A question nobody was asked: expected from its text, then given ten people's answers, then a topline.

    python examples/new_question.py

The question was held out of a simulated survey, so that the true answers are known and can be compared.
"""

# %% A survey in which some questions are held out
import personaspace as ps

split = ps.split(ps.simulate(respondents=400, seed=0), seed=0)
space = ps.LightGCN(dim=32, seed=0).fit(split.train)
personas = ps.cluster_personas(space, split.train, k=4)
held_out = split.held_out_questions
question = held_out.questions[0]
answers = held_out.to_frame()[question.id].dropna()
print(question.text, answers.value_counts(normalize=True).round(2).to_dict())

# %% From the text alone: intervals are wide
asked = ps.NewQuestions(space, split.train).ask(question)
expected = asked.everybody()
print(expected.probabilities, expected.low, expected.high, sep="\n")

# %% Whom to ask, and what is expected of everybody once ten people have answered
chosen = [who for who in asked.whom_to_ask(60)["respondent"] if who in answers.index][:10]
after = asked.pilot({who: answers[who] for who in chosen})
expected = after.everybody()
print(expected.probabilities, expected.low, expected.high, sep="\n")

# %% A topline that was published, of everybody; the personas follow
published = answers.value_counts(normalize=True).to_dict()
shares = {option.text: published.get(option.text, 0.0) for option in question.options}
print(after.topline(shares).predict(personas).probabilities)
