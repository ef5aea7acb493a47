"""The peer of steering: a straightforward training loop with PEFT, as its documentation shows it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from peft import PrefixTuningConfig, PromptTuningConfig, TaskType, get_peft_model
from torch import Tensor

from personaspace.steer.model.prompts import CUE, question_prompt
from personaspace.survey.survey import Survey

CONFIGS = {"prefix": PrefixTuningConfig, "prompt": PromptTuningConfig}


class PeftLoop:
    """One static prefix or prompt for everybody, learned from shuffled batches of respondent x question pairs.

    Every pair is the whole text with its answer's label at the end, tokenized beforehand; batches are padded to their
    longest text; the loss is the model's own, on the answer token alone.

    Args:
        model: A causal language model; it is wrapped and frozen by PEFT.
        tokenizer: Its tokenizer.
        survey: Whose answers are learned.
        form: ``prefix`` or ``prompt``.
        tokens: Virtual tokens.
    """

    def __init__(self, model: Any, tokenizer: Any, survey: Survey, form: str = "prefix", tokens: int = 2) -> None:
        config = CONFIGS[form](task_type=TaskType.CAUSAL_LM, num_virtual_tokens=tokens)
        self.model = get_peft_model(model, config)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)
        self.survey, self.rng = survey, np.random.default_rng(0)
        texts = [f"{question_prompt(question)}{CUE}" for question in survey.questions]
        options = range(max(len(question.options) for question in survey.questions))
        self.texts = [
            [torch.tensor(tokenizer(f"{text} {chr(65 + option)}")["input_ids"]) for option in options] for text in texts
        ]

    def step(self, batch: int) -> int:
        """One step of training; how many pairs it took."""
        self.model.train()
        answers = self.survey.answers
        chosen = self.rng.integers(len(answers), size=batch)
        pairs = zip(answers.question[chosen], answers.option[chosen], strict=True)
        inputs = padded([self.texts[question][option] for question, option in pairs])
        loss = self.model(**inputs).loss
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return batch

    @torch.inference_mode()
    def score(self, question: int, options: int, batch: int) -> Tensor:
        """Probabilities of a question's options from ``model(ids).logits``, read ``batch`` times side by side."""
        self.model.eval()
        texts = self.texts[question]
        ids = texts[0][:-1].expand(batch, -1)
        logits = self.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits
        labels = torch.stack([text[-1] for text in texts[:options]])
        scores: Tensor = logits[:, -1, labels].softmax(-1)
        return scores


def padded(sequences: list[Tensor]) -> dict[str, Tensor]:
    """Ids, mask, and labels that count on the last token alone."""
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    ids = torch.nn.utils.rnn.pad_sequence(sequences, batch_first=True)
    places = torch.arange(ids.shape[1])
    labels = torch.where(places == lengths[:, None] - 1, ids, -100)
    return {"input_ids": ids, "attention_mask": (places < lengths[:, None]).long(), "labels": labels}
