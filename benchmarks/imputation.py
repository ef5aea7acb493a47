"""Are imputed answers as dispersed as people's, do their intervals cover, and does what hangs together survive?

Real answers are hidden, imputed five times over and compared with the hidden ones. Peers without an embedder: a random
draw from the other respondents (hot deck), and the same within a trait. Peers with one: the embedder's most probable
answer (mode), and draws from its predictions as if the respondent's vector were certain.

    python benchmarks/imputation.py FOLDER [--trait POLIDEOLOGY]
    python benchmarks/imputation.py --quick

Hidden are 20% of the answers of the training respondents (at random); half of the respondents' answers to every block
of ten questions (modules); the held-out answers of unseen respondents of whom 20 are known. Columns: share of the
options' shares, overall and within the trait, whose 95% interval covers the share with nothing hidden: by Rubin's
rules, and by the variance between the draws alone (exact: that interval is for what was hidden, 95% is right);
diversity of the imputed answers over that of the hidden ones (Gini-Simpson, 1 is right); slope of the imputed on the
true correlations of ordinal answers, of two hidden ones and of a hidden and a known one (1 is right, 0: nothing
survives; nan: too few pairs). The last line is one JSON object: exact coverage of ours and of the hot deck, modules
hidden.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from shared.closing_line import closing_line

from personaspace.embedding.base import Embedder
from personaspace.embedding.option_softmax import OptionSoftmax
from personaspace.embedding.registry import make_embedder
from personaspace.imputation.answer_matrix import BLANK, answer_matrix, predict_matrix, survey_of_matrix
from personaspace.imputation.multiple import impute
from personaspace.imputation.rubin import pool
from personaspace.survey.answers import Pairs
from personaspace.survey.arrays import BoolArray, FloatArray, IntArray
from personaspace.survey.option_sums import repeat_options, sum_options
from personaspace.survey.readers.registry import read_survey
from personaspace.survey.simulate import simulate
from personaspace.survey.split import split
from personaspace.survey.survey import Survey

DRAWS = 5
MODULE = 10
LEAST = 50  # answers to a question, or by both of a pair, before it counts
HEADER = ["", "covered", "exact", "in groups", "exact", "diversity", "two hidden", "hidden, known"]


class Case:
    """Known and hidden answers of the same respondents, shape ``[respondents, questions]``, and a fitted embedder."""

    def __init__(self, embedder: Embedder, known: IntArray, truth: IntArray, groups: IntArray) -> None:
        self.embedder, self.known, self.truth, self.groups = embedder, known, truth, groups
        self.hidden: BoolArray = truth != BLANK
        self.full = np.where(self.hidden, truth, known)


Method = Callable[[Case, np.random.Generator], list[IntArray]]


def ours(case: Case, rng: np.random.Generator) -> list[IntArray]:
    """Multiple imputation as the package does it."""
    survey, cells = survey_of_matrix(case.embedder, case.known), Pairs(*np.nonzero(case.hidden))
    drawn = impute(case.embedder, survey, cells, draws=DRAWS, seed=int(rng.integers(2**31)))
    filled = [case.known.copy() for _ in range(DRAWS)]
    for draw, table in enumerate(filled):
        table[cells.respondent, cells.question] = drawn.options[draw]
    return filled


def vector_certain(case: Case, rng: np.random.Generator) -> list[IntArray]:
    """Every answer drawn from the embedder's prediction, as if the respondent's vector were certain."""
    probabilities = predict_matrix(case.embedder, case.known)
    option_softmax = OptionSoftmax(case.embedder.offsets_)
    return [np.where(case.hidden, option_softmax.draw(probabilities, rng), case.known) for _ in range(DRAWS)]


def mode(case: Case, _: np.random.Generator) -> list[IntArray]:
    """The embedder's most probable answer."""
    probabilities = predict_matrix(case.embedder, case.known)
    best = [part.argmax(axis=1) for part in np.split(probabilities, case.embedder.offsets_[1:-1], axis=1)]
    return [np.where(case.hidden, np.stack(best, axis=1), case.known)] * DRAWS


def hot_deck(case: Case, rng: np.random.Generator, groups: IntArray | None = None) -> list[IntArray]:
    """The answer of a respondent drawn at random from those who gave one (of the same group)."""
    groups = np.zeros(len(case.known), np.int64) if groups is None else groups
    filled = [case.known.copy() for _ in range(DRAWS)]
    for j in range(case.known.shape[1]):
        for group in np.unique(groups):
            wanted = np.flatnonzero(case.hidden[:, j] & (groups == group))
            givers = case.known[:, j][(case.known[:, j] != BLANK) & (groups == group)]
            givers = givers if len(givers) else case.known[:, j][case.known[:, j] != BLANK]
            for table in filled:
                table[wanted, j] = rng.choice(givers, len(wanted))
    return filled


def hot_deck_within(case: Case, rng: np.random.Generator) -> list[IntArray]:
    """The hot deck within a trait."""
    return hot_deck(case, rng, case.groups)


METHODS: dict[str, Method] = {
    "ours": ours,
    "position taken for known": vector_certain,
    "mode": mode,
    "hot deck": hot_deck,
    "hot deck within the trait": hot_deck_within,
}


def coverage(case: Case, filled: list[IntArray], rows: BoolArray) -> FloatArray:
    """Per option that somebody chose: whether Rubin's interval and the exact one cover; shape ``[2, options]``."""
    covered: list[tuple[bool, bool]] = []
    answered = (case.full != BLANK) & rows[:, None]
    sizes = np.diff(case.embedder.offsets_)
    for j in np.flatnonzero((answered.sum(axis=0) >= LEAST) & (case.hidden & rows[:, None]).any(axis=0)):
        who, options = answered[:, j], int(sizes[j])
        truth = np.bincount(case.full[who, j], minlength=options) / who.sum()
        shares = np.stack([np.bincount(table[who, j], minlength=options) for table in filled]) / who.sum()
        both = pool(shares, shares * (1 - shares) / who.sum()), pool(shares)
        inside = [(p.low - 1e-9 <= truth) & (truth <= p.high + 1e-9) for p in both]
        covered += zip(*(side[truth > 0].tolist() for side in inside), strict=True)
    return np.array(covered, np.float64).reshape(-1, 2).T


def diversity(case: Case, table: IntArray) -> float:
    """Gini-Simpson diversity of the answers in the hidden cells, summed over questions."""
    row, column = np.nonzero(case.hidden)
    offsets = case.embedder.offsets_
    counts = np.bincount(offsets[column] + table[row, column], minlength=int(offsets[-1])).astype(np.float64)
    totals = sum_options(counts, offsets)
    shares = counts / np.maximum(repeat_options(totals, offsets), 1)
    return float((totals > 0).sum() - (shares**2).sum())


def slopes(case: Case, filled: list[IntArray]) -> tuple[float, float]:
    """Slope of imputed on true correlations: of two hidden answers, and of a hidden and a known one."""
    places = np.full((len(case.embedder.questions_), int(np.diff(case.embedder.offsets_).max())), np.nan)
    for j, question in enumerate(case.embedder.questions_):
        places[j, : len(question.options)] = question.positions if question.ordinal else np.nan
    columns = np.arange(len(places))

    def standardised(table: IntArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
        values = np.where(table != BLANK, places[columns, table], np.nan)
        return np.nan_to_num((values - mean) / sd)

    values = np.where(case.full != BLANK, places[columns, case.full], np.nan)
    seen = ~np.isnan(values)
    count = np.maximum(seen.sum(axis=0), 1)
    mean = np.where(seen, values, 0).sum(axis=0) / count
    sd = np.maximum(np.sqrt(np.where(seen, (values - mean) ** 2, 0).sum(axis=0) / count), 1e-9)
    full = standardised(case.full, mean, sd)
    true = full.T @ full / np.maximum(seen.T.astype(np.float64) @ seen, 1)
    found = []
    for other in (case.hidden, case.known != BLANK):
        n = (case.hidden & seen).T.astype(np.float64) @ (other & seen)
        weight = np.where(n >= LEAST, n, 0) * ~np.eye(len(n), dtype=np.bool_)
        sums = [z.T * case.hidden.T @ (z * other) for z in (standardised(table, mean, sd) for table in filled)]
        drawn = np.mean(sums, axis=0) / np.maximum(n, 1)
        found.append(float((weight * drawn * true).sum() / (weight * true**2).sum()) if weight.any() else np.nan)
    return found[0], found[1]


def cells(case: Case, filled: list[IntArray]) -> list[float]:
    """One row of the table."""
    overall = coverage(case, filled, np.ones(len(case.known), np.bool_)).mean(axis=1)
    groups = [coverage(case, filled, case.groups == g) for g in np.unique(case.groups[case.groups >= 0])]
    within = np.concatenate(groups, axis=1).mean(axis=1)
    truth = diversity(case, case.truth)
    ratio = float(np.mean([diversity(case, table) for table in filled])) / truth
    return [*overall.tolist(), *within.tolist(), ratio, *slopes(case, filled)]


def cases(survey: Survey, trait: str, seed: int) -> dict[str, Callable[[], Case]]:
    """Cases by name; each hides its answers and fits its embedder when called."""
    parts = split(survey, held_out_questions=0, seed=seed)

    def groups_of(*surveys: Survey) -> IntArray:
        values = sorted(survey.traits[trait].dropna().unique())
        of = {value: g for g, value in enumerate(values)}
        return np.concatenate([s.traits[trait].map(of).fillna(-1).to_numpy(np.int64) for s in surveys])

    def fitted(train: Survey) -> Embedder:
        return make_embedder("lightgcn", seed=seed).fit(train)

    def at_random() -> Case:
        embedder = fitted(parts.train)
        known, truth = answer_matrix(embedder, parts.train), answer_matrix(embedder, parts.held_out_answers)
        return Case(embedder, known, truth, groups_of(parts.train))

    def modules() -> Case:
        rng = np.random.default_rng(seed)
        part = rng.random((len(survey.respondents), -(-len(survey.questions) // MODULE))) < 0.5
        out = part[survey.answers.respondent, survey.answers.question // MODULE]
        train, other = survey.with_answers(~out), survey.with_answers(out)
        embedder = fitted(train)
        return Case(embedder, answer_matrix(embedder, train), answer_matrix(embedder, other), groups_of(survey))

    def unseen() -> Case:
        embedder = fitted(parts.train)
        known = np.vstack([answer_matrix(embedder, parts.train), answer_matrix(embedder, parts.known(20))])
        truth = np.full_like(known, BLANK)
        truth[len(parts.train.respondents) :] = answer_matrix(embedder, parts.unseen_held_out)
        return Case(embedder, known, truth, groups_of(parts.train, parts.unseen_known))

    return {"at random": at_random, "modules": modules, "unseen, K=20": unseen}


def main() -> None:
    """Print the tables and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", nargs="?")
    source.add_argument("--quick", action="store_true")
    parser.add_argument("--trait", default="POLIDEOLOGY")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    survey = simulate(respondents=600) if options.quick else read_survey(options.folder)
    trait = str(survey.traits.columns[0]) if options.quick else options.trait
    exact: dict[str, float] = {}
    for name, make in cases(survey, trait, options.seed).items():
        case = make()
        print(f"\nhidden {name}: {case.hidden.sum()} of {(case.full != BLANK).sum()} answers\n")
        print(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
        for method, imputed in METHODS.items():
            row = cells(case, imputed(case, np.random.default_rng(options.seed)))
            if name == "modules":
                exact[method] = row[1]
            print(f"| {method} | {' | '.join(f'{value:.3f}' for value in row)} |", flush=True)
    unit = "share of 95% intervals"
    print(closing_line("exact coverage, modules hidden", exact["ours"], exact["hot deck"], unit))


if __name__ == "__main__":
    main()
