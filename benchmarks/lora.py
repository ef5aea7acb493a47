"""What does fine-tuning the base model itself gain? LoRA beside virtual tokens, on the same training answers.

LoRA (rank 8, every linear layer, AdamW) learns to answer after the respondent's own K most similar answers in the
prompt, by cross-entropy over the option labels; the steered model learns as ``steer`` does, from vectors. Both see the
same training answers once, and both are measured on the same sample of held-out answers and held-out questions. LoRA
changes the model's weights for everybody, the persona stands in its prompt; virtual tokens leave them as they are.

    python benchmarks/lora.py SURVEY [--model nano] [--k 5] [--answers 20000] [--test 1000] [--rate 0.001] [--seed 0]
    python benchmarks/lora.py --quick

Prints a markdown table: macro accuracy and log-loss, trained parameters, training seconds. ``--quick`` takes a
simulated survey and few answers, and ends with JSON. Needs ``pip install 'personaspace[peft]'``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from shared.closing_line import closing_line

import personaspace as ps
from personaspace.evaluation.measures.metrics import log_loss, macro_accuracy
from personaspace.evaluation.predictions import Predictions
from personaspace.evaluation.rows.baselines import majority
from personaspace.evaluation.rows.language_model_rows import individual
from personaspace.evaluation.rows.prompted_rows import OwnAnswers
from personaspace.evaluation.rows.prompts import Prompt, PromptReader
from personaspace.evaluation.sample import Sample
from personaspace.steer.forward.option_logits import label_logits, last_hidden
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import labels_for

BATCH, RANK = 16, 8

Predict = Callable[[ps.Survey], Predictions]


def with_lora(model: LanguageModel) -> list[torch.nn.Parameter]:
    """Put LoRA into every linear layer of a model, and return its weights."""
    from peft import LoraConfig, get_peft_model

    settings = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules="all-linear", task_type="CAUSAL_LM")
    adapted = get_peft_model(model.model, settings)
    return [weight for weight in adapted.parameters() if weight.requires_grad]


def train(model: LanguageModel, prompts: Sequence[Prompt], chosen: Sequence[int], rate: float, seed: int) -> int:
    """Train LoRA on every prompt once, those of similar length together; the number of weights trained."""
    weights = with_lora(model)
    optimizer = torch.optim.AdamW(weights, lr=rate)
    reader = PromptReader(model)
    sequences = [reader.fitted(prompt)[0] for prompt in prompts]
    rng = np.random.default_rng(seed)
    by_length = sorted(range(len(prompts)), key=lambda i: (len(sequences[i]) // 32, rng.random()))
    batches = [by_length[start : start + BATCH] for start in range(0, len(by_length), BATCH)]
    rng.shuffle(batches)
    for batch in batches:
        hidden = last_hidden(model, [sequences[i] for i in batch])
        losses = [
            torch.nn.functional.cross_entropy(
                label_logits(model, state[None], labels_for(prompts[i].options)), torch.tensor([chosen[i]])
            )
            for i, state in zip(batch, hidden, strict=True)
        ]
        torch.stack(losses).mean().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad()
    return sum(weight.numel() for weight in weights)


def cells(predict: Predict, tests: Sequence[ps.Survey]) -> tuple[list[float], str]:
    """Macro accuracies on the evaluation sets, and with log-losses as cells of a row."""
    found = [predict(test) for test in tests]
    accuracy = [float(macro_accuracy(each, None)) for each in found]
    pairs = zip(accuracy, found, strict=True)
    return accuracy, " | ".join(f"{value:.3f} / {float(log_loss(each, None)):.3f}" for value, each in pairs)


def main() -> None:
    """Train both, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("survey", nargs="?", help="any survey that read_survey reads")
    parser.add_argument("--model", default="nano")
    parser.add_argument("--k", type=int, default=5, help="own answers in the prompt")
    parser.add_argument("--answers", type=int, default=20_000, help="training answers")
    parser.add_argument("--test", type=int, default=1000, help="answers of each evaluation set")
    parser.add_argument("--rate", type=float, default=1e-3, help="LoRA's learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args()
    if given.quick:
        given.answers, given.test, given.k = 320, 80, 2
    survey = ps.simulate(300, seed=given.seed) if given.quick or not given.survey else ps.read_survey(given.survey)
    parts = ps.split(survey, seed=given.seed)
    space = ps.LightGCN(seed=given.seed).fit(parts.train)
    tests = [Sample(answers=given.test).of(test) for test in (parts.held_out_answers, parts.held_out_questions)]
    learned = Sample(answers=given.answers, seed=given.seed).of(parts.train)
    told = partial(OwnAnswers(parts.train).prompts, given.k)

    print("| | held-out answers | held-out questions | weights | s |\n|---|---|---|---|---|")
    print(f"| majority | {cells(partial(majority, parts.train), tests)[1]} | | |")
    model = LanguageModel.load(given.model)
    name = f"context K={given.k}"
    print(
        f"| {name}, {given.model} as it is | {cells(partial(PromptReader(model).predict, name, told), tests)[1]} | | |"
    )
    started = time.perf_counter()
    count = train(model, told(learned), learned.answers.option.tolist(), given.rate, given.seed)
    seconds = time.perf_counter() - started
    lora, shown = cells(partial(PromptReader(model).predict, name, told), tests)
    print(f"| {name}, LoRA | {shown} | {count:,} | {seconds:.0f} |", flush=True)
    started = time.perf_counter()
    settings = ps.TrainSettings(epochs=1, seed=given.seed)
    lm = ps.SteeredLM(LanguageModel.load(given.model), settings=settings).fit(learned, space)
    seconds = time.perf_counter() - started
    count = sum(weight.numel() for weight in lm.soft_prompt_.parameters())
    steered, shown = cells(lambda test: individual(lm, space.respondents_, test), tests)
    print(f"| individual, virtual tokens | {shown} | {count:,} | {seconds:.0f} |")
    if given.quick:
        print(closing_line("held-out questions, steered and LoRA", steered[1], lora[1], "macro accuracy"))


if __name__ == "__main__":
    main()
