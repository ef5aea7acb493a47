"""How should a base model be asked a question with options: by labels, or by the likelihood of the options' texts?

    OMP_NUM_THREADS=1 python benchmarks/prompts.py opinionqa/ --models nano smollm2 [--questions 60] [--people 1]
    python benchmarks/prompts.py --quick

Only training answers are read (``ps.split(survey, seed).train``), for each seed of some questions drawn at random, so
that a form may be chosen by this table. *raw question*: all answers to these questions are predicted. *demographics*:
of ``--people`` respondents a question, whose traits stand before it. Forms, each with the model's chat template, if it
has one, and without:

* *label*: options are listed with letters, and the letter's probability counts (what ``SteeredLM`` and the rows of the
  table do).
* *text*: options are not shown; the likelihood of an option's text as the answer counts: of the whole text, per token,
  or less that without the question (pointwise mutual information, arXiv 2104.08315).
* *listed text*: options are listed with letters, and the likelihood of an option's text counts.

Accuracy and log-loss are averaged over questions. Log-loss is after a temperature that was fitted on the other half of
the questions. Beside each, its difference from *label* with the chat template (without it where a model has none), with
a 95% interval by bootstrap over questions, all seeds together; a question drawn in several seeds counts once. *uniform*
and *majority* (the shares of the question's own answers, the best that is possible without knowing who answers) are
bounds. The last line is one JSON object: the best form's accuracy for the last model, raw question (ours), and *label*
(peer).
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from shared.closing_line import closing_line, hardware
from shared.likelihood import log_likelihoods
from torch import Tensor

import personaspace as ps
from personaspace.evaluation.rows.prompted_rows import demographics
from personaspace.evaluation.rows.prompts import Prompt
from personaspace.steer.forward.attach import Continuation
from personaspace.steer.forward.forward import hidden_after_cue
from personaspace.steer.forward.option_logits import label_logits
from personaspace.steer.model.chat import ChatTemplate
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import LABELS, labels_for, open_question, question_prompt
from personaspace.steer.training.evaluate import best_temperature
from personaspace.survey.answers import Answers
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey

LABEL = "label"
KINDS = ("raw question", "demographics")
BOUNDS = ("uniform", "majority")
RESAMPLES = 2000


class Reader:
    """A base model that scores the options of a prompt in every form.

    Args:
        model: The base model.
        chat: Its chat template, or ``None`` to read without one.
    """

    def __init__(self, model: LanguageModel, chat: ChatTemplate | None) -> None:
        self.model, self.chat = model, chat
        self._alone: dict[str, float] = {}

    def scores(self, question: Question, before: tuple[str, ...] = ()) -> dict[str, Tensor]:
        """A score for each option, by form."""
        self.model.chat = self.chat
        listed, unlisted = question_prompt(question), open_question(question.text)
        labelled, asked = (self._read(Prompt(text, len(question.options), before)) for text in (listed, unlisted))
        ids = [self.model.option_tokens.after_the_cue(option.text) for option in question.options]
        lengths = torch.tensor([len(one) for one in ids])
        text, shown = (log_likelihoods(self.model, begun, ids).cpu() for begun in (asked, labelled))
        labels = label_logits(self.model, hidden_after_cue(self.model, labelled), labels_for(len(ids)))
        return {
            LABEL: labels[0].cpu(),
            "text": text,
            "text, per token": text / lengths,
            "text, less that alone": text - torch.tensor([self._without(option.text) for option in question.options]),
            "listed text": shown,
            "listed text, per token": shown / lengths,
        }

    def _without(self, option: str) -> float:
        """Log-likelihood of an option's text where no question is read."""
        if option not in self._alone:
            begun = self._read(Prompt(open_question(""), 0))
            self._alone[option] = float(
                log_likelihoods(self.model, begun, [self.model.option_tokens.after_the_cue(option)])
            )
        return self._alone[option]

    def _read(self, prompt: Prompt) -> Continuation:
        ids = torch.tensor([self.model.prompt_ids(prompt.text)], device=self.model.device)
        read = self.model.read_ids(torch.cat([ids, self.model.cue[:, :-1]], dim=1))
        return Continuation(read.keys_values, [], self.model.embedding(self.model.cue[:, -1:]))


@dataclass
class Asked:
    """Questions that were asked in one form, each with the scores of its prompts and the answers given.

    Attributes:
        scores: By question, of each prompt: shape ``[prompts, options]``.
        counts: By question, the (weighted) share of its answers for each prompt and option, summing to 1.
    """

    scores: list[Tensor] = field(default_factory=list)
    counts: list[Tensor] = field(default_factory=list)

    def accuracy(self) -> np.ndarray:
        """Accuracy for each question; of options that tie each counts its share."""
        pairs = zip(self.scores, self.counts, strict=True)
        first = ((s == s.max(1, keepdim=True).values, c) for s, c in pairs)
        return np.array([float((top * c / top.sum(1, keepdim=True)).sum()) for top, c in first])

    def log_loss(self) -> np.ndarray:
        """Log-loss for each question, after a temperature fitted on every other question."""
        losses = np.empty(len(self.scores))
        for half in (0, 1):
            temperature = self._temperature(1 - half)
            for place in range(half, len(losses), 2):
                scaled = (self.scores[place].double() / temperature).log_softmax(1)
                losses[place] = -float((scaled * self.counts[place]).sum())
        return losses

    def _temperature(self, half: int) -> float:
        """Of least log-loss on every second question: an answer drawn for each of a hundredth of its share."""
        scores, counts = self.scores[half::2], self.counts[half::2]
        most = max(one.shape[1] for one in scores)
        rows, chosen = [], []
        for each, shares in zip(scores, counts, strict=True):
            for prompt, option in (shares > 0).nonzero().tolist():
                times = max(1, round(100 * float(shares[prompt, option])))
                row = torch.nn.functional.pad(each[prompt], (0, most - each.shape[1]), value=-torch.inf)
                rows += [row] * times
                chosen += [option] * times
        spread = float(torch.cat([one.flatten() for one in scores]).std().clamp_min(1))
        return spread * best_temperature(torch.stack(rows) / spread, torch.tensor(chosen))


def drawn(train: Survey, count: int, rng: np.random.Generator) -> list[int]:
    """Some questions that were answered, and whose options have one letter each."""
    answered = np.unique(train.answers.question)
    return [j for j in rng.permutation(answered).tolist() if len(train.questions[j].options) <= len(LABELS)][:count]


def shares(train: Survey, question: int) -> Tensor:
    """Share of a question's answers for each option, shape ``[1, options]``."""
    chosen = train.answers.option[train.answers.question == question]
    counts = np.bincount(chosen, minlength=len(train.questions[question].options))
    return torch.tensor(counts / counts.sum())[None]


def described(train: Survey, question: int, people: int, rng: np.random.Generator) -> list[tuple[tuple[str, ...], int]]:
    """Traits in words, and the option chosen, of some respondents who answered a question."""
    rows = rng.permutation(np.flatnonzero(train.answers.question == question))[:people]
    answers = Answers(*(getattr(train.answers, name)[rows] for name in ("respondent", "question", "option")))
    prompts = demographics(train.with_answers(np.sort(rows)))
    return [(p.before, int(o)) for p, o in zip(prompts, answers.option[np.argsort(rows)], strict=True)]


def ask_all(
    model: LanguageModel, survey: Survey, seeds: list[int], questions: int, people: int
) -> dict[str, dict[str, Asked]]:
    """Every form's answers, by kind of prompt."""
    template = model.chat
    readers = {"": Reader(model, None)} | ({", chat": Reader(model, template)} if template else {})
    found: dict[str, dict[str, Asked]] = {kind: defaultdict(Asked) for kind in KINDS}
    known: set[str] = set()
    for seed in seeds:
        train, rng = ps.split(survey, seed=seed).train, np.random.default_rng(seed)
        for column in drawn(train, questions, rng):
            question, some = train.questions[column], described(train, column, people, rng)
            if question.id in known:
                continue
            known.add(question.id)
            for suffix, reader in readers.items():
                for form, scores in reader.scores(question).items():
                    found[KINDS[0]][form + suffix].scores.append(scores[None])
                    found[KINDS[0]][form + suffix].counts.append(shares(train, column))
                each = [reader.scores(question, before) for before, _ in some]
                chosen = torch.zeros(len(some), len(question.options)).double()
                chosen[range(len(some)), [option for _, option in some]] = 1 / len(some)
                for form in each[0]:
                    found[KINDS[1]][form + suffix].scores.append(torch.stack([scores[form] for scores in each]))
                    found[KINDS[1]][form + suffix].counts.append(chosen)
    for kind in KINDS:
        counts = found[kind]["label"].counts
        found[kind]["uniform"] = Asked([torch.zeros_like(c) for c in counts], counts)
        of_questions = found[KINDS[0]]["label"].counts
        logs = [s.clamp_min(1e-4).log().expand(len(c), -1) for s, c in zip(of_questions, counts, strict=True)]
        found[kind]["majority"] = Asked(logs, counts)
    return found


def lines(found: dict[str, Asked], peer: str) -> Iterator[str]:
    """A row for each form."""
    rng = np.random.default_rng(0)
    resampled = rng.integers(0, len(found[peer].scores), (RESAMPLES, len(found[peer].scores)))
    for form, asked in found.items():
        cells = []
        for metric in (Asked.accuracy, Asked.log_loss):
            values, beside = metric(asked), metric(found[peer])
            low, high = np.percentile((values - beside)[resampled].mean(1), (2.5, 97.5))
            cells += [f"{values.mean():.3f}", "" if form == peer else f"{low:+.3f} to {high:+.3f}"]
        yield f"| {form} | {' | '.join(cells)} |"


def main() -> None:
    """Print a table for each model, and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("survey", nargs="?")
    source.add_argument("--quick", action="store_true", help="nano, a few questions of the simulated survey")
    parser.add_argument("--models", nargs="+", default=["nano", "smollm2"])
    parser.add_argument("--questions", type=int, default=60, help="drawn for each seed")
    parser.add_argument("--people", type=int, default=1, help="respondents described for each question")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = parser.parse_args()
    survey = ps.simulate(300, seed=0) if given.quick else ps.read_survey(given.survey)
    models, questions, seeds = (["nano"], 8, [0]) if given.quick else (given.models, given.questions, given.seeds)
    best = beside = 0.0
    for name in models:
        found = ask_all(LanguageModel.load(name), survey, seeds, questions, given.people)
        for kind in KINDS:
            peer = f"{LABEL}, chat" if f"{LABEL}, chat" in found[kind] else LABEL
            asked = len(found[kind][peer].scores)
            print(f"\n{name}, {kind}, {asked} training questions; differences from {peer!r}, 95%\n")
            print("| | accuracy | difference | log-loss | difference |\n|---|---|---|---|---|")
            for line in lines(found[kind], peer):
                print(line, flush=True)
        forms = {
            form: one.accuracy().mean() for form, one in found[KINDS[0]].items() if form not in ("uniform", "majority")
        }
        best, beside = max(forms.values()), forms[peer]
    print(f"\n{hardware()}")
    print(closing_line(f"{models[-1]}, raw question, the best form beside {LABEL}", best, beside, "accuracy"))


if __name__ == "__main__":
    main()
