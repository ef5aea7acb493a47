"""SteeredLM: a frozen language model that answers and writes as any point of the space would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from personaspace.errors import ModelError, NotFittedError, PersonaSpaceError, RunError, SurveyError
from personaspace.files import read_json, read_tensors, write_json, write_tensors
from personaspace.steer.attach import Attachment, Form, Placement, attach
from personaspace.steer.export_embeds import export_embeds, prompt_embeds
from personaspace.steer.export_peft import export_peft
from personaspace.steer.hub import located, whole
from personaspace.steer.language_model import LanguageModel
from personaspace.steer.model_card import training_facts
from personaspace.steer.pairs import question_prompt, training_pairs
from personaspace.steer.points import Personas, Space, Vectors, vectors_of
from personaspace.steer.prompt import open_question
from personaspace.steer.publish import push, read_personas
from personaspace.steer.soft_prompts import SoftPrompt, SoftPromptSettings, kind_of, soft_prompt_settings
from personaspace.steer.steered_logits import steered_logits
from personaspace.steer.train import Trainer
from personaspace.steer.train_settings import TrainSettings
from personaspace.survey.early_stopping import early_stopping
from personaspace.survey.question import Option, Question
from personaspace.survey.survey import Survey


class SteeredLM:
    """A frozen language model steered by virtual tokens made from a point of the space.

    Args:
        model: A hub name, a folder, ``nano``, or a loaded :class:`LanguageModel`.
        form: ``prefix`` (keys and values of every layer) or ``prompt`` (input embeddings).
        placement: Virtual tokens ``before`` or ``after`` the question.
        soft_prompt: The soft-prompting model, by its name in :data:`SOFT_PROMPTS` or by its settings.
        tokens: How many virtual tokens.
        settings: How to train.
        device: Where to run.

    Attributes:
        soft_prompt_: The trained soft-prompting model.
        history_: What training looked like, one entry per check.
        trained_on_: The survey's name and its numbers of respondents, questions and answers.
        personas_: The personas that came with a model from the hub.

    Example:
        >>> import personaspace as ps
        >>> survey = ps.simulate(respondents=50, seed=0)
        >>> space = ps.Factorization(seed=0).fit(survey)
        >>> lm = ps.SteeredLM("nano", settings=ps.TrainSettings(epochs=1)).fit(survey, space)
        >>> people = ps.individual_personas(space)[:2]
        >>> lm.ask("Should the voting age be lowered?", ["Yes", "No"], people).shape
        (2, 2)
    """

    def __init__(
        self,
        model: str | LanguageModel = "nano",
        *,
        form: Form = "prefix",
        placement: Placement = "after",
        soft_prompt: str | SoftPromptSettings = "question-aware",
        tokens: int = 2,
        settings: TrainSettings | None = None,
        device: str = "cpu",
    ) -> None:
        self.attachment = Attachment(placement, form, tokens)
        self.kind = soft_prompt_settings(soft_prompt) if isinstance(soft_prompt, str) else soft_prompt
        self.settings = settings or TrainSettings()
        self.model = LanguageModel.load(model, device) if isinstance(model, str) else model
        self.history_: list[dict[str, float]] = []
        self.trained_on_: dict[str, Any] = {}
        self.personas_: Personas | None = None

    prompt_embeds = prompt_embeds
    export_embeds = export_embeds
    export_peft = export_peft
    push = push

    def fit(
        self,
        survey: Survey,
        space: Space,
        checkpoint: Path | None = None,
        on_step: Callable[[int, int, float, float], None] | None = None,
    ) -> SteeredLM:
        """Train the soft-prompting model on a survey's answers and its respondents' vectors.

        Args:
            survey: Training answers; those of :func:`early_stopping` decide when to stop.
            space: Vectors of all its respondents, by id.
            checkpoint: File to resume from and write to.
            on_step: Called with step, steps, training loss and best held-out loss.

        Returns:
            The steered model itself.

        Raises:
            SurveyError: There are no answers, or a respondent has no vector.
            ModelError: A question does not fit the model's context, or training diverged.
        """
        if not len(survey.answers):
            raise SurveyError(f"survey {survey.name!r} has no answers to train on")
        self.trained_on_ = training_facts(survey)
        vectors = torch.from_numpy(vectors_of(survey, space))
        held = early_stopping(survey)
        self.soft_prompt_ = self._new_soft_prompt(vectors.shape[1])
        self.soft_prompt_.vectors.measure(vectors.to(self.model.device))
        self.soft_prompt_.questions.measure(self._features(survey.questions))
        train, check = training_pairs(survey, vectors, ~held), training_pairs(survey, vectors, held)
        check = check if len(check) else train
        trainer = Trainer(self.model, self.soft_prompt_, self.attachment, train, check, self.settings, checkpoint)
        self.history_ = trainer.run(on_step)
        return self

    def check(self, questions: Sequence[Question]) -> None:
        """Find out before any training whether the model can read every question.

        Raises:
            ModelError: A question has too many options or does not fit the model's context; the message names it.
        """
        for question in questions:
            try:
                self.model.check_fits(question_prompt(question))
            except PersonaSpaceError as error:
                raise ModelError(f"question {question.id!r} cannot be asked of {self.model.name!r}: {error}") from error

    def untrained(self) -> SteeredLM:
        """The same steered model with the soft-prompting model's weights as they were before training."""
        trained = self._fitted()
        fresh = SteeredLM.__new__(SteeredLM)
        fresh.__dict__.update(self.__dict__)
        fresh.soft_prompt_ = self._new_soft_prompt(len(trained.vectors.mean))
        fresh.soft_prompt_.vectors.load_state_dict(trained.vectors.state_dict())
        fresh.soft_prompt_.questions.load_state_dict(trained.questions.state_dict())
        return fresh

    @torch.no_grad()
    def predict(self, vectors: Vectors, question: Question, batch: int = 512) -> Vectors:
        """Probability of each option of a question for points of the space.

        Args:
            vectors: Shape ``[n, dim]``.
            question: Any question, asked before or not.
            batch: Points a pass.

        Returns:
            Shape ``[n, options]``; rows sum to 1.
        """
        trained = self._fitted()
        dim = len(trained.vectors.mean)
        if vectors.ndim != 2 or vectors.shape[1] != dim:
            raise SurveyError(f"vectors have shape {vectors.shape}; this steered model takes [n, {dim}]")
        options = len(question.options)
        reading = self.model.read(question_prompt(question))
        points = torch.from_numpy(np.ascontiguousarray(vectors, dtype=np.float32)).to(self.model.device)
        parts = [points[start : start + batch] for start in range(0, len(points), batch)]
        logits = [steered_logits(self.model, trained, self.attachment, reading, part, options) for part in parts]
        return torch.cat(logits).softmax(-1).cpu().numpy() if logits else np.zeros((0, options), np.float32)

    def ask(self, text: str, options: Sequence[str], personas: Personas) -> pd.DataFrame:
        """Ask a multiple-choice question of personas.

        Args:
            text: The question, asked before or not.
            options: Two or more answers.
            personas: Named points.

        Returns:
            One row per persona, one column per option; rows sum to 1.
        """
        question = Question("asked", text, tuple(Option(option) for option in options))
        table = pd.DataFrame(self.predict(personas.vectors, question), columns=list(options))
        return table.set_axis(pd.Index(personas.names, name="persona"), axis=0)

    @torch.no_grad()
    def generate(
        self,
        prompt: str,
        personas: Personas,
        *,
        max_new_tokens: int = 40,
        temperature: float = 0.8,
        top_p: float = 0.95,
        seed: int = 0,
    ) -> pd.Series[str]:
        """Let personas answer in words.

        Args:
            prompt: What they are asked.
            personas: Named points; all answer in one batch.
            max_new_tokens: Length of the answer at the most.
            temperature: 0 for greedy decoding, higher for more variety.
            top_p: Sampling keeps the likeliest tokens up to this probability.
            seed: Of the sampling.

        Returns:
            One text per persona, indexed by its name.
        """
        virtual_for = torch.from_numpy(np.asarray(personas.vectors, dtype=np.float32)).to(self.model.device)
        reading = self.model.read(open_question(prompt), reserve=64 + max_new_tokens)
        virtual = self._fitted()(virtual_for, reading.features)
        continuation = attach(self.model, reading, virtual, self.attachment)
        sampling: dict[str, Any] = {"do_sample": False}
        if temperature > 0:
            sampling = {"do_sample": True, "temperature": temperature, "top_p": top_p, "top_k": 0}
        torch.manual_seed(seed)
        tokenizer = self.model.tokenizer
        ids = self.model.model.generate(
            inputs_embeds=continuation.padded_embeddings(),
            past_key_values=continuation.cache(),
            attention_mask=continuation.mask(),
            max_new_tokens=max_new_tokens,
            pad_token_id=tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id,
            **sampling,
        )
        texts = [text.strip() for text in tokenizer.batch_decode(ids, skip_special_tokens=True)]
        return pd.Series(texts, index=pd.Index(personas.names, name="persona"), name="answer", dtype=object)

    def save(self, folder: Path) -> None:
        """Write ``config.json`` and ``soft_prompt.safetensors``; the base model is named, not copied."""
        trained = self._fitted()
        write_tensors(folder / "soft_prompt.safetensors", {k: v.cpu() for k, v in trained.state_dict().items()})
        config = {
            "model": self.model.name,
            "fingerprint": self.model.fingerprint,
            "attachment": asdict(self.attachment),
            "soft_prompt": {"kind": kind_of(self.kind), **asdict(self.kind)},
            "dim": len(trained.vectors.mean),
            "settings": asdict(self.settings),
            "trained_on": self.trained_on_,
            "history": self.history_,
        }
        write_json(folder / "config.json", config)

    @classmethod
    def load(
        cls,
        source: str | Path,
        model: LanguageModel | None = None,
        device: str = "cpu",
        revision: str | None = None,
    ) -> SteeredLM:
        """Load what :meth:`save` or :meth:`push` wrote, and the base model it names.

        Args:
            source: A folder, or a repository of the hub, ``"organisation/name"``.
            model: The base model, where it is loaded already.
            device: Where to run.
            revision: Branch, tag or commit of the repository.

        Raises:
            RunError: The folder is not whole, the base model is not the one it was trained on, or the hub cannot be
                reached.
            UnknownNameError: The hub does not show such a repository.
        """
        folder = located(source, revision)
        config = read_json(folder / "config.json")
        with whole(folder):
            lm = cls(
                model or LanguageModel.load(config["model"], device),
                **config["attachment"],
                soft_prompt=soft_prompt_settings(**config["soft_prompt"]),
                settings=TrainSettings(**config["settings"]),
            )
            if lm.model.fingerprint != config["fingerprint"]:
                raise RunError(f"{folder} was trained on another model than the one now found as {config['model']!r}")
            lm.soft_prompt_ = lm._new_soft_prompt(config["dim"])
            arrays = read_tensors(folder / "soft_prompt.safetensors")
            lm.soft_prompt_.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
            lm.history_, lm.trained_on_ = config["history"], config["trained_on"]
            lm.personas_ = read_personas(folder)
        return lm

    def _fitted(self) -> SoftPrompt:
        if not hasattr(self, "soft_prompt_"):
            raise NotFittedError("this SteeredLM has not been trained: call fit(survey, space) first")
        return self.soft_prompt_

    def _new_soft_prompt(self, dim: int) -> SoftPrompt:
        features = len(self.model.read_ids(self.model.cue).features)
        with torch.random.fork_rng():
            torch.manual_seed(self.settings.seed)
            module = self.kind.build(dim, features, self.attachment.shape(self.model))
            if self.attachment.form == "prompt":
                module.start_from(self.model.embedding.weight)
        return module.to(self.model.device)

    def _features(self, questions: Sequence[Question]) -> Tensor:
        return torch.stack([self.model.read(question_prompt(question)).features for question in questions])
