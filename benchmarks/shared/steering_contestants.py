"""Contestants of benchmarks/steering.py: our training and scoring, PEFT's, and a plain matrix product."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import numpy as np
import torch
from shared.frozen_models import frozen_model
from shared.turns import Measure, now, quickest, repeated
from torch.utils.flop_counter import FlopCounterMode

import personaspace as ps
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import question_prompt
from personaspace.steer.training.examples import Block
from personaspace.survey.validation import validation_mask

BATCHES, POINTS, DIM = (4, 8, 16), 512, 128


class Enough(Exception):  # noqa: N818
    """Training was timed for long enough."""


class Points:
    """Random vectors of a survey's respondents: speed does not depend on them."""

    def __init__(self, survey: ps.Survey) -> None:
        self.ids_ = survey.respondents
        self.respondents_ = np.random.default_rng(0).normal(size=(len(self.ids_), DIM)).astype(np.float32)


def steered(model: LanguageModel, contestant: str) -> ps.SteeredLM:
    """Our model, not fitted; steps before the question, which take long, have fewer questions."""
    placement, form = contestant.split()
    questions = 16 if placement == "after" else 4 if model.name == "nano" else 2
    settings = ps.TrainSettings(epochs=1, checks=1, questions=questions)
    return ps.SteeredLM(model, form=form, placement=placement, settings=settings)  # type: ignore[arg-type]


def training(lm: ps.SteeredLM, survey: ps.Survey) -> Measure:
    """Pairs a second that ``fit`` trains on, from its second step on."""
    pairs = int((~validation_mask(survey)).sum())

    def measure(seconds: float) -> float:
        times: list[float] = []
        steps = 0

        def on_step(stage: str, _: int, all_steps: int, __: str) -> None:
            nonlocal steps
            if stage != "steering":
                return
            steps = all_steps
            times.append(now())
            if times[-1] - times[0] > seconds:
                raise Enough

        with suppress(Enough):
            lm.fit(survey, Points(survey), on_step=on_step)
        return (len(times) - 1) * pairs / steps / (times[-1] - times[0])

    return measure


def peft_training(model: str, survey: ps.Survey, form: str, seconds: float) -> tuple[str, Measure]:
    """PEFT at the batch size at which it is quickest."""
    from shared.peft_loop import PeftLoop

    base = frozen_model(model)
    loop = PeftLoop(base.model, base.tokenizer, survey, form)
    return quickest({f"batches of {size}": partial(loop.step, size) for size in BATCHES}, seconds)


def scoring(lm: ps.SteeredLM, survey: ps.Survey) -> dict[str, Measure]:
    """Ours for many points, the plain loop pair by pair and in batches; questions in turn."""
    from shared.peft_loop import PeftLoop

    base = frozen_model(lm.model.name)
    loop = PeftLoop(base.model, base.tokenizer, survey)
    points = np.random.default_rng(1).normal(size=(POINTS, DIM)).astype(np.float32)
    turns = np.random.default_rng(2)

    def asked() -> int:
        return int(turns.integers(len(survey.questions)))

    def plain(batch: int) -> int:
        question = asked()
        return len(loop.score(question, len(survey.questions[question].options), batch))

    return {
        "after": repeated(lambda: len(lm.predict(points, survey.questions[asked()]))),
        "PEFT, pair by pair": repeated(partial(plain, 1)),
        "PEFT, batches of 16": repeated(partial(plain, 16)),
    }


def matrix_rate(dtype: torch.dtype = torch.float32) -> Measure:
    """Floating-point operations a second in a large matrix product, two a multiply-add."""
    left, right = torch.randn(1024, 1024, dtype=dtype), torch.randn(1024, 1024, dtype=dtype)

    def product() -> int:
        torch.mm(left, right)
        return 2 * 1024**3

    return repeated(product)


def operations(lm: ps.SteeredLM, survey: ps.Survey) -> float:
    """Floating-point operations in the matrix products of one training pair, two a multiply-add."""
    texts = [question_prompt(question) for question in survey.questions[:16]]
    blocks = [
        Block(text, len(question.options), torch.randn(16, DIM), torch.zeros(16, dtype=torch.long))
        for text, question in zip(texts, survey.questions, strict=False)
    ]
    for text in texts:
        lm.model.read(text)
    blocks = blocks[: lm.settings.questions]
    with FlopCounterMode(display=False) as counter:
        logits = lm.steering.steerer.block_logits(blocks)
        torch.stack([each.sum() for each in logits]).sum().backward()  # type: ignore[no-untyped-call]
    return float(counter.get_total_flops()) / sum(map(len, blocks))


def work_alone(model: str, contestant: str, survey: ps.Survey) -> None:
    """A few steps of one contestant, or only the model, for the peak memory of a process that does only this."""
    base = frozen_model(model)
    kind, _, form = contestant.partition(" ")
    if kind == "PEFT":
        from shared.peft_loop import PeftLoop

        loop = PeftLoop(base.model, base.tokenizer, survey, form)
        steps: list[Callable[[], int]] = [partial(loop.step, 8)] * 3
        for step in steps:
            step()
    elif contestant != "nothing":
        training(steered(base, contestant), survey)(1.0)
