"""SteeredLM: a frozen language model trained to answer and write for any point of the space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from personaspace.errors import ModelError, PersonaSpaceError, RunError, SurveyError
from personaspace.files import write_json, write_tensors
from personaspace.newquestions.gaussian_process import QuestionPrior
from personaspace.newquestions.log_odds import log_odds
from personaspace.newquestions.option_weights import Axes
from personaspace.newquestions.points import Personas
from personaspace.steer.export.hub import download, read_personas, whole
from personaspace.steer.forward.attach import Attachment, Form, Placement, check_question
from personaspace.steer.generation.speaker import Speaker
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.model.prompts import question_prompt
from personaspace.steer.model.question_cache import CachedQuestion
from personaspace.steer.model.sources import is_repository
from personaspace.steer.protocols import Embedding, OnStep, at_stage, vectors_of
from personaspace.steer.saved import CONFIG, WEIGHTS, check_base, load_base, read_config, read_weights
from personaspace.steer.soft_prompts.base import SoftPrompt, SoftPromptSettings
from personaspace.steer.soft_prompts.initialization import initialize, new_soft_prompt, soft_prompt_shapes
from personaspace.steer.soft_prompts.registry import described, soft_prompt_settings
from personaspace.steer.steerer import Steerer
from personaspace.steer.steering import AskSettings, Steering
from personaspace.steer.training.distributed import launched
from personaspace.steer.training.evaluate import fitted_temperature
from personaspace.steer.training.examples import training_and_validation, with_prior
from personaspace.steer.training.metric_logs import MetricsLog
from personaspace.steer.training.settings import TrainSettings
from personaspace.steer.training.trainer import Trainer
from personaspace.steer.training.worded_answers import WordedAnswers, write_sentences
from personaspace.survey.arrays import Vectors
from personaspace.survey.question import Question
from personaspace.survey.survey import Survey


class SteeredLM(Speaker):
    """A frozen language model steered by virtual tokens made from a point of the space.

    Args:
        model: A folder, a ``.gguf`` file, a hub repository, ``smollm2``, ``nano``, or a loaded :class:`LanguageModel`.
        form: ``prefix`` (keys and values of every layer) or ``prompt`` (input embeddings).
        placement: Virtual tokens ``before`` or ``after`` the question.
        soft_prompt: The soft-prompting model, by its name in :data:`SOFT_PROMPTS` or by its settings.
        tokens: Number of virtual tokens.
        settings: Settings of training.
        device: Where it runs.
        refusals: Whether refusing is an outcome of its own, trained on the survey's refusals.

    Attributes:
        soft_prompt_: The trained soft-prompting model.
        temperature_: Divides all logits, fitted on the validation answers.
        history_: Metrics of training, one entry per check.
        trained_on_: The survey's name and its numbers of respondents, questions and answers.
        personas_: The personas that came with a model from the hub; ``None`` without any.
        prior_: The question prior, for an informed soft-prompting model.

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
        model: str | Path | LanguageModel = "nano",
        *,
        form: Form = "prefix",
        placement: Placement = "after",
        soft_prompt: str | SoftPromptSettings = "informed",
        tokens: int = 2,
        settings: TrainSettings | None = None,
        device: str = "cpu",
        refusals: bool = False,
    ) -> None:
        self.attachment = Attachment(placement, form, tokens)
        self.kind = soft_prompt_settings(soft_prompt) if isinstance(soft_prompt, str) else soft_prompt
        self.settings = settings or TrainSettings()
        self.model = model if isinstance(model, LanguageModel) else LanguageModel.load(model, device)
        self.refusals = refusals
        self.temperature_ = 1.0
        self.history_: list[dict[str, float]] = []
        self.trained_on_: dict[str, Any] = {}
        self.personas_: Personas | None = None
        self.prior_: QuestionPrior | None = None

    def fit(
        self,
        survey: Survey,
        embedder: Embedding,
        checkpoint: str | Path | None = None,
        on_step: OnStep | None = None,
        logs: Sequence[MetricsLog] = (),
    ) -> SteeredLM:
        """Train the soft-prompting model on a survey's answers and its respondents' vectors.

        Args:
            survey: Training answers; those of :func:`validation_mask` decide when to stop.
            embedder: Holds the vectors of all its respondents by id; a fitted embedder, or bare vectors.
            checkpoint: File to resume from and to write to; sentences in words are kept beside it.
            on_step: Called with the stage (``reading questions``, ``cross-fitting``, ``writing sentences``,
                ``steering``), the steps done, the steps in all, and a note with the losses.
            logs: Logs of the metrics of every step.

        Returns:
            The steered model itself.

        Raises:
            SurveyError: There are no answers, or a respondent has no vector.
            ModelError: A question does not fit the model's context, or training diverged.
        """
        if not len(survey.answers):
            raise SurveyError(f"survey {survey.name!r} has no answers to train on")
        self.trained_on_ = training_facts(survey)
        vectors = torch.from_numpy(vectors_of(embedder, survey))
        self.soft_prompt_ = self._new_soft_prompt(vectors.shape[1])
        steerer, settings = Steerer(self.model, self.soft_prompt_, self.attachment), self.settings
        training, validation = training_and_validation(survey, vectors, self.refusals)
        features = initialize(steerer, vectors, self._readings(training.texts, on_step), settings.seed)
        if self.kind.informed:
            states = features.cpu().double().numpy()
            weights = log_odds(survey, embedder, vectors.numpy())
            self.prior_ = QuestionPrior(survey.questions, weights, Axes.of(vectors.numpy()), states)
            on_fold = at_stage(on_step, "cross-fitting")
            training, validation = with_prior(training, validation, self.prior_, embedder, survey, settings, on_fold)
            refused = len(survey.refusals) + 1  # one more, so that refusing is never impossible
            self.soft_prompt_.set_refused(refused / (refused + len(survey.answers)))
        if settings.words and self.model.chat is not None:
            on_sentence = at_stage(on_step, "writing sentences")
            file = None if checkpoint is None else Path(checkpoint).with_name("sentences.json")
            sentences = write_sentences(self.model, survey.questions, settings.seed, on_sentence, file)
            worded = WordedAnswers(self.model, survey.questions, sentences)
            training, validation = (replace(pairs, worded=worded) for pairs in (training, validation))
        checked = (validation if len(validation) else training).sample(settings.check_pairs, settings.seed)
        self.history_ = Trainer(steerer, training, checked, settings, checkpoint, logs, launched()).run(on_step)
        self.temperature_ = fitted_temperature(steerer, checked, settings.batch) if len(validation) else 1.0
        return self

    def check(self, questions: Sequence[Question]) -> None:
        """Check before training that the model can read every question.

        Raises:
            ModelError: A question has too many options or does not fit the model's context; the message names it.
        """
        for question in questions:
            try:
                check_question(self.model, self.attachment, question_prompt(question, self.refusals))
            except PersonaSpaceError as error:
                raise ModelError(f"question {question.id!r} cannot be asked of {self.model.name!r}: {error}") from error

    def untrained(self) -> SteeredLM:
        """A copy of this model with the soft-prompting model's weights as they were before training."""
        trained = self._fitted()
        fresh = SteeredLM.__new__(SteeredLM)
        fresh.__dict__.update(self.__dict__)
        fresh.temperature_ = 1.0
        fresh.soft_prompt_ = self._new_soft_prompt(len(trained.vectors.mean))
        fresh.soft_prompt_.vectors.load_state_dict(trained.vectors.state_dict())
        fresh.soft_prompt_.questions.load_state_dict(trained.questions.state_dict())
        fresh.soft_prompt_.set_origin(trained.origin, trained.scale)
        return fresh

    def outcomes(self, vectors: Vectors, question: Question, settings: AskSettings) -> Vectors:
        """Probability of every outcome in every phrasing; see :meth:`Answerer.outcomes`."""
        return self.steering.outcomes(vectors, question, settings)

    def save(self, folder: str | Path) -> None:
        """Write the soft-prompting model with its settings to a folder; the base model is named, not copied."""
        trained, folder = self._fitted(), Path(folder)
        write_tensors(folder / WEIGHTS, {k: v.cpu() for k, v in trained.state_dict().items()})
        config = {
            "model": self.model.name,
            "fingerprint": self.model.fingerprint,
            "base": asdict(self.model.settings),
            "attachment": asdict(self.attachment),
            "soft_prompt": described(self.kind),
            "dim": len(trained.vectors.mean),
            "settings": asdict(self.settings),
            "trained_on": self.trained_on_,
            "refusals": self.refusals,
            "temperature": self.temperature_,
            "history": self.history_,
        }
        if self.prior_ is not None:
            self.prior_.save(folder, factors=False)
        write_json(folder / CONFIG, config)

    @classmethod
    def load(
        cls,
        source: str | Path,
        model: LanguageModel | None = None,
        device: str = "cpu",
        revision: str | None = None,
    ) -> SteeredLM:
        """Load a steered model from a folder or the hub, and the base model it names.

        Args:
            source: A folder written by :meth:`save`, or a hub repository, ``"organisation/name"``. A name whose parent
                folder is on this machine is a folder.
            model: The base model, where it is loaded already.
            device: Where it runs.
            revision: Branch, tag or commit of the repository.

        Raises:
            RunError: The folder is missing, incomplete or damaged, or the base model is not the one it was trained on.
            UnknownNameError: The hub does not show such a repository.
            ServerError: The hub cannot be reached.
        """
        folder = download(source, revision) if is_repository(source) else Path(source)
        if not folder.exists():
            raise RunError(
                f"there is no folder {str(source)!r}: give a folder written by SteeredLM.save, or a hub repository as "
                "ORGANISATION/NAME"
            )
        config = read_config(folder)
        with whole(folder):
            lm = cls(
                model or load_base(config, folder, device),
                **asdict(config.attachment),
                soft_prompt=config.soft_prompt,
                settings=config.settings,
                refusals=config.refusals,
            )
            check_base(lm.model, config, folder)
            arrays = read_weights(folder, soft_prompt_shapes(lm.kind, config.dim, lm.model, lm.attachment))
            lm.soft_prompt_ = lm._new_soft_prompt(config.dim)
            lm.soft_prompt_.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
            lm.prior_ = QuestionPrior.load(folder) if lm.kind.informed else None
            lm.temperature_ = config.temperature
            lm.history_, lm.trained_on_ = config.history, config.trained_on.model_dump()
            lm.personas_ = read_personas(folder, config.dim)
        return lm

    @property
    def steering(self) -> Steering:
        """The trained steerer with its settings; :class:`NotFittedError` before training."""
        steerer = Steerer(self.model, self._fitted(), self.attachment)
        return Steering(steerer, self.temperature_, self.refusals, self.prior_)

    @property
    def learned_words(self) -> bool:
        """Whether it learned to answer in words, and not with option letters alone."""
        return any("words_loss" in check for check in self.history_)

    def _readings(self, texts: Sequence[str], on_step: OnStep | None) -> Iterator[CachedQuestion]:
        on_question = at_stage(on_step, "reading questions")
        for done, text in enumerate(texts, 1):
            yield self.model.read(text)
            if on_question:
                on_question(done, len(texts))

    def _fitted(self) -> SoftPrompt:
        if not hasattr(self, "soft_prompt_"):
            from personaspace.not_fitted import NotFittedError

            raise NotFittedError("this SteeredLM has not been trained: call fit(survey, embedder) first")
        return self.soft_prompt_

    def _new_soft_prompt(self, dim: int) -> SoftPrompt:
        return new_soft_prompt(self.kind, dim, self.model, self.attachment, self.settings.seed)


def training_facts(survey: Survey) -> dict[str, Any]:
    """Facts about a training survey for the model card: its name and counts, nobody's answers."""
    return {
        "survey": survey.name,
        "simulated": survey.simulated,
        "respondents": len(survey.respondents),
        "questions": len(survey.questions),
        "answers": len(survey.answers),
    }
