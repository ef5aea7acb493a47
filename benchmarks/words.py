"""Do texts say what the respondent answered? Virtual tokens beside the base model and beside a system prompt.

    personaspace fit FOLDER --out RUN && personaspace steer RUN --model smollm2 --epochs 0.02
    python benchmarks/words.py RUN [--questions 25] [--respondents 4] [--seed 0]
    python benchmarks/words.py --quick

RUN is steered by a model with a chat template. Questions of the evaluation sets are asked without their options, of
respondents who answered them (individual personas); each respondent answers twice. Rows: the base model; the base model
with the respondent's system prompt (``ps.system_prompt`` for this question, which never states its answer); virtual
tokens; both; *answer first* (``SteeredLM.answer_in_words``), which alone knows the options: one is drawn from the
steered answers, and the base model, told this option, says it. *The judge* is the base model too: told in turn that
each option was chosen, it says how likely the text is (:mod:`personaspace.steer.generation.wording`), and the likeliest
option counts. How good a judge it is stands in the last row: answer first, with the respondent's own answer in place of
the drawn one. Columns: share of texts judged to say the respondent's answer, with a 95% bootstrap interval over
answers; perplexity under the base model, which sees the question and nothing of the respondent; agreement of the judged
option between two texts of one respondent and between texts of two; tokens read before a text. Temperature 0.7. Below:
how many drawn options are the respondent's own, and how many texts are judged to say the option drawn. The last line is
one JSON object: held-out questions, answer first (ours) and system prompt (peer).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from shared.closing_line import closing_line, hardware
from shared.likelihood import log_likelihoods
from torch import Tensor

import personaspace as ps
from personaspace.embedding.base import Embedder
from personaspace.runs.fit import fit_run
from personaspace.runs.run import Run
from personaspace.runs.steer import steer_run
from personaspace.steer.forward.attach import Continuation, attach
from personaspace.steer.generation.decoding import Decoding
from personaspace.steer.generation.sampling import Controls, Sampling
from personaspace.steer.generation.speaker import Answer, sentences
from personaspace.steer.generation.texts import draws_of, write
from personaspace.steer.generation.wording import ANY, END, Chosen, Prompts
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import open_question, question_prompt
from personaspace.steer.model.question_cache import CachedQuestion
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

CONTROLS: Controls = {"max_new_tokens": 32, "temperature": 0.7, "top_p": 0.95, "stop": END}
SAMPLING = Sampling(**CONTROLS)
BATCH = 32
TWICE = 2
HEADER = ("", "says the answer", "perplexity", "agreement: same / other respondent", "tokens read")
ROWS = ("base model", "system prompt", "virtual tokens", "both", "answer first", "told the answer")
SHOWN = ("virtual tokens", "answer first")
"""Rows whose texts are printed."""


@dataclass(frozen=True)
class Case:
    """A respondent who is asked a question without options.

    Attributes:
        question: The question.
        persona: The respondent.
        chosen: The option that the respondent chose.
    """

    question: Question
    persona: ps.Persona
    chosen: int

    @property
    def options(self) -> list[str]:
        """Texts of the options."""
        return [option.text for option in self.question.options]


def cases(test: Survey, embedder: Embedder, questions: int, respondents: int, seed: int) -> list[Case]:
    """Some respondents for each of some questions, drawn at random."""
    rng, people = np.random.default_rng(seed), ps.individual_personas(embedder)
    found = []
    for column in rng.permutation(np.unique(test.answers.question))[:questions].tolist():
        rows = np.flatnonzero(test.answers.question == column)
        for row in rng.permutation(rows)[:respondents].tolist():
            place = embedder.ids_.index(test.respondents[test.answers.respondent[row]])
            found.append(Case(test.questions[column], people[place], int(test.answers.option[row])))
    return found


@dataclass(frozen=True)
class Texts:
    """Texts of one row.

    Attributes:
        said: Two for each case, one after the other.
        tokens: Read before a text, on average.
        told: The option that the base model was told for each text; empty where it was told none.
    """

    said: list[str]
    tokens: float
    told: Sequence[str] = ()


@dataclass(frozen=True)
class Row:
    """One row of the table.

    Attributes:
        line: As it is printed.
        share: Of the texts judged to say the respondent's answer.
        said: The texts, two for each case.
        note: What else there is to say of them, if anything.
    """

    line: str
    share: float
    said: list[str]
    note: str = ""


class Bench:
    """A steered model, its base model as judge, and what the respondents said.

    Args:
        lm: Steered by a model with a chat template.
        embedder: What it was steered with.
        train: Training answers, from which system prompts are written.
    """

    def __init__(self, lm: ps.SteeredLM, embedder: Embedder, train: Survey) -> None:
        self.lm, self.embedder, self.train = lm, embedder, train
        self.model: LanguageModel = lm.model
        self.prompts = Prompts(self.model)

    def texts(self, row: str, asked: Sequence[Case]) -> Texts:
        """Two texts for each case, one after the other."""
        if row not in ("answer first", "told the answer"):
            return self._continued(row, asked)
        answers, said = list[Answer](), list[str]()
        for start, stop in _groups(asked):
            some = asked[start:stop]
            more = self._drawn(some) if row == "answer first" else self._given(some)
            answers, said = answers + list(more), said + list(more.values())
        told = [answer.chosen.option for answer in answers]
        each = [case for case in asked for _ in range(TWICE)]
        lengths = [self._read_for(case, option, row) for case, option in zip(each, told, strict=True)]
        return Texts(said, float(np.mean(lengths)), told)

    def _read_for(self, case: Case, option: str, row: str) -> int:
        """Tokens read before an option is said, and before it is drawn."""
        read = sum(len(self.prompts.ids(Chosen(case.question.text, told))) for told in (option, ANY))
        if row == "answer first":
            read += self.model.question_length(question_prompt(case.question)) + self.lm.attachment.tokens
        return read

    def _drawn(self, some: Sequence[Case]) -> dict[Answer, str]:
        """Answers drawn and said for cases of one question."""
        text, options = some[0].question.text, some[0].options
        people = [case.persona for case in some]
        table = self.lm.answer_in_words(text, options, people, samples=TWICE, **CONTROLS)
        rows = zip(table.index, table["answer"], table["text"], strict=True)
        return {Answer(name, nth, Chosen(text, option)): said for (name, nth), option, said in rows}

    def _given(self, some: Sequence[Case]) -> dict[Answer, str]:
        """The respondents' own answers said for cases of one question."""
        answers = [
            Answer(case.persona.name, nth, Chosen(case.question.text, case.options[case.chosen]))
            for case in some
            for nth in range(TWICE)
        ]
        return sentences(self.prompts, answers, SAMPLING)

    @torch.no_grad()
    def _continued(self, row: str, asked: Sequence[Case]) -> Texts:
        written: list[str] = []
        lengths = []
        for start in range(0, len(asked), BATCH // TWICE):
            some = asked[start : start + BATCH // TWICE]
            begun = [self._begun(row, case) for case in some]
            lengths += [continuation.length for continuation in begun]
            draws = [draws_of(nth, case.persona.name, case.question.text) for case in some for nth in range(TWICE)]
            written += [text for text, _ in write([(1, Decoding(self.model, begun))], SAMPLING, draws)]
        return Texts(written, float(np.mean(lengths)))

    def _begun(self, row: str, case: Case) -> Continuation:
        read = self._read(case, row in ("system prompt", "both"))
        if row in ("virtual tokens", "both"):
            points = self.lm.steering.steerer.points(case.persona.vector[None].repeat(TWICE, axis=0))
            virtual = self.lm.soft_prompt_(points, read.features)
            return attach(self.model, read, virtual, self.lm.attachment, SAMPLING.max_new_tokens)
        cue = self.model.embedding(self.model.cue[:, -1:]).expand(TWICE, -1, -1)
        return Continuation(read.keys_values, [], cue)

    def _read(self, case: Case, prompted: bool) -> CachedQuestion:
        text = open_question(case.question.text)
        if not prompted:
            return self.model.read(text)
        system = ps.system_prompt(case.persona, self.train, case.question, embedder=self.embedder)
        ids = torch.tensor([self.model.prompt_ids(text, system)], device=self.model.device)
        return self.model.read_ids(torch.cat([ids, self.model.cue[:, :-1]], dim=1))

    @torch.no_grad()
    def judged(self, question: Question, texts: Sequence[str]) -> Tensor:
        """Log-likelihood of each text for each option, shape ``[texts, options]``."""
        ids = [self._ids(text) for text in texts]
        each = [
            log_likelihoods(self.model, self.prompts.continuation(Chosen(question.text, option.text), len(texts)), ids)
            for option in question.options
        ]
        return torch.stack(each, dim=1)

    @torch.no_grad()
    def surprise(self, question: Question, texts: Sequence[str]) -> tuple[float, int]:
        """Negative log-likelihood of the texts under the base model, and their number of tokens."""
        ids = [self._ids(f" {text}") for text in texts]
        cue = self.model.embedding(self.model.cue[:, -1:])
        begun = Continuation(self.model.read(open_question(question.text)).keys_values, [], cue)
        return -float(log_likelihoods(self.model, begun, ids).sum()), sum(map(len, ids))

    def _ids(self, text: str) -> list[int]:
        return [*self.model.tokens(text, start=False)[0].tolist(), *self.model.end]

    def row(self, row: str, asked: Sequence[Case]) -> Row:
        """Write a row's texts and judge them."""
        texts = self.texts(row, asked)
        found, nats, count = np.zeros(len(texts.said), np.int64), 0.0, 0
        for start, stop in _groups(asked):
            some = texts.said[TWICE * start : TWICE * stop]
            found[TWICE * start : TWICE * stop] = self.judged(asked[start].question, some).argmax(1).cpu()
            more, length = self.surprise(asked[start].question, some)
            nats, count = nats + more, count + length
        right = (found.reshape(-1, TWICE) == np.array([case.chosen for case in asked])[:, None]).mean(1)
        drawn = right[np.random.default_rng(0).integers(0, len(right), (1000, len(right)))].mean(1)
        low, high = np.percentile(drawn, (2.5, 97.5))
        same = float((found[::TWICE] == found[1::TWICE]).mean())
        others = [
            found[TWICE * a] == found[TWICE * b]
            for start, stop in _groups(asked)
            for a, b in combinations(range(start, stop), 2)
        ]
        cells = (
            f"{right.mean():.3f} [{low:.3f}, {high:.3f}]",
            f"{np.exp(nats / count):.1f}",
            f"{same:.2f} / {np.mean(others):.2f}" if others else f"{same:.2f}",
            f"{texts.tokens:.0f}",
        )
        line, note = f"| {row} | {' | '.join(cells)} |", ""
        if row == "answer first":
            each = [case for case in asked for _ in range(TWICE)]
            told = [case.options.index(option) for case, option in zip(each, texts.told, strict=True)]
            own = np.mean([case.chosen == option for case, option in zip(each, told, strict=True)])
            note = f"{own:.3f} of the options drawn are the respondent's own, "
            note += f"{np.mean(found == told):.3f} of the texts are judged to say the option drawn"
        return Row(line, float(right.mean()), texts.said, note)


def _groups(asked: Sequence[Case]) -> Iterator[tuple[int, int]]:
    """Beginning and end of the cases that share a question."""
    begins = [i for i, case in enumerate(asked) if not i or case.question.id != asked[i - 1].question.id]
    return zip(begins, [*begins[1:], len(asked)], strict=True)


def made(folder: Path) -> Run:
    """A small run on the simulated survey."""
    run = Run.create(folder)
    fit_run(run, ps.simulate(300, seed=0).select(questions=list(range(10))))
    steer_run(run, "smollm2", settings=ps.TrainSettings(epochs=0.05, respondents=4, questions=4))
    return run


def main() -> None:
    """Print the tables, the texts, and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("run", nargs="?", type=Path)
    source.add_argument("--quick", action="store_true", help="a few texts of a small run on the simulated survey")
    parser.add_argument("--questions", type=int, default=25)
    parser.add_argument("--respondents", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("--examples", type=int, default=20, help="texts to print")
    given = parser.parse_args()
    questions, respondents = (2, 2) if given.quick else (given.questions, given.respondents)
    with tempfile.TemporaryDirectory() as folder:
        run = ps.open_run(made(Path(folder) / "run").folder if given.quick else given.run)
        bench = Bench(run.steered_lm(), run.embedder, run.split.train)
        if bench.model.chat is None:
            parser.error(f"{bench.model.name} has no chat template: steer with one that has, such as smollm2")
        shares: dict[str, float] = {}
        sets = {"held-out answers": run.split.held_out_answers, "held-out questions": run.split.held_out_questions}
        for name, test in sets.items():
            asked = cases(test, run.embedder, questions, respondents, given.seed)
            chance = np.mean([1 / len(case.question.options) for case in asked])
            print(f"\n{name}: {len(asked)} answers, {TWICE} texts each; chance {chance:.3f}\n")
            print(f"| {' | '.join(HEADER)} |\n|{'---|' * len(HEADER)}")
            rows: dict[str, Row] = {}
            for row in given.rows:
                rows[row] = bench.row(row, asked)
                shares[row] = rows[row].share
                print(rows[row].line, flush=True)
            for row in (row for row in SHOWN if row in rows):
                print(f"\n{row}: {rows[row].note or 'texts'}; unedited, behind the respondent's own answer:")
                for case, text in list(zip(asked, rows[row].said[::TWICE], strict=True))[: given.examples]:
                    print(f"- {case.question.text} [{case.options[case.chosen]}] {text}")
    print(f"\n{hardware()}")
    ours, peer = (shares.get(row, 0.0) for row in ("answer first", "system prompt"))
    print(closing_line("held-out questions, texts that say the answer", ours, peer, "share"))


if __name__ == "__main__":
    main()
