"""Voices: language models that speak for a point of the space, steered to it, or given it in a system prompt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from personaspace.embedding.base import Embedder
from personaspace.errors import SettingError
from personaspace.persona.personas import Persona
from personaspace.profiles.system_prompt import system_prompt
from personaspace.serve.explorer.explored import Said
from personaspace.steer.generation.prompted import reply
from personaspace.steer.generation.sampling import Sampling
from personaspace.steer.model.language_model import LanguageModel
from personaspace.steer.steered_lm import SteeredLM
from personaspace.survey.survey import Survey

TOKENS = 120
"""Tokens of a reply, at most."""


class SteeredVoice:
    """The run's steered model: virtual tokens stand for the point, or an option is drawn for it and said.

    Args:
        lm: Trained.
    """

    def __init__(self, lm: SteeredLM) -> None:
        self._lm = lm
        learned = "" if lm.learned_words else " It learned option letters alone and will hardly write sentences."
        self.about = f"Written by {lm.model.name}, steered by virtual tokens.{learned}"

    def say(self, persona: Persona, message: str, options: Sequence[str], strength: float, seed: int) -> Iterator[Said]:
        """What a persona replies, piece by piece; with options one is drawn first, and said whole."""
        if options:
            table = self._lm.answer_in_words(message, options, persona, strength=strength, seed=seed)
            yield Said(table["text"].iloc[0], table["answer"].iloc[0])
            return
        for piece in self._lm.stream(message, persona, strength=strength, max_new_tokens=TOKENS, seed=seed):
            yield Said(piece.text)


class PromptedVoice:
    """A chat model that is given in a system prompt what the point's members are and answer.

    Args:
        model: With a chat template.
        survey: The answers that may be stated.
        embedder: Says what is expected at a point without members.
    """

    def __init__(self, model: LanguageModel, survey: Survey, embedder: Embedder) -> None:
        self._model, self._survey, self._embedder = model, survey, embedder
        self.about = f"Written by {model.name}, which was given the persona in a system prompt and was not steered."

    def say(self, persona: Persona, message: str, options: Sequence[str], strength: float, seed: int) -> Iterator[Said]:
        """What a persona replies, piece by piece; options are refused, since nothing says how often each is chosen."""
        if options:
            raise SettingError("a system prompt gives options no probabilities: leave them out, or steer a model")
        told = system_prompt(persona, self._survey, message, embedder=self._embedder)
        for text in reply(self._model, message, told, strength, Sampling(max_new_tokens=TOKENS, seed=seed)):
            yield Said(text)
