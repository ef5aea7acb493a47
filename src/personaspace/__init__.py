"""From what people answered to a language model that answers like them.

The public names are imported when first used: ``import personaspace`` loads neither torch nor altair.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personaspace.embedding.autoencoder.model import Autoencoder as Autoencoder
    from personaspace.embedding.committee import Committee as Committee
    from personaspace.embedding.ease import EASE as EASE
    from personaspace.embedding.factorization.model import Factorization as Factorization
    from personaspace.embedding.gaussian import Gaussian as Gaussian
    from personaspace.embedding.lightgcn.model import LightGCN as LightGCN
    from personaspace.embedding.registry import load_embedder as load_embedder
    from personaspace.errors import PersonaSpaceError as PersonaSpaceError
    from personaspace.evaluation.protocol import evaluate as evaluate
    from personaspace.evaluation.results import Results as Results
    from personaspace.imputation.multiple import Imputation as Imputation
    from personaspace.imputation.multiple import impute as impute
    from personaspace.imputation.next_question import next_question as next_question
    from personaspace.imputation.rubin import pool as pool
    from personaspace.newquestions.crosstabs import read_crosstabs as read_crosstabs
    from personaspace.newquestions.new_questions import NewQuestions as NewQuestions
    from personaspace.not_fitted import NotFittedError as NotFittedError
    from personaspace.persona.clustering.choose_k import choose_k as choose_k
    from personaspace.persona.clustering.cluster_personas import cluster_personas as cluster_personas
    from personaspace.persona.groups import demographic_personas as demographic_personas
    from personaspace.persona.groups import individual_personas as individual_personas
    from personaspace.persona.map import Map as Map
    from personaspace.persona.map import map_respondents as map_respondents
    from personaspace.persona.matching import match_personas as match_personas
    from personaspace.persona.personas import Persona as Persona
    from personaspace.persona.personas import Personas as Personas
    from personaspace.persona.soft_membership import soft_membership as soft_membership
    from personaspace.profiles.explained_variance import explained_variance as explained_variance
    from personaspace.profiles.profile import Profile as Profile
    from personaspace.profiles.profile import profile as profile
    from personaspace.profiles.system_prompt import system_prompt as system_prompt
    from personaspace.reports.plots.plot import plot as plot
    from personaspace.runs.fitted import open_run as open_run
    from personaspace.runs.report import report as report
    from personaspace.serve.vllm.client import VllmClient as VllmClient
    from personaspace.steer.ensemble import Ensemble as Ensemble
    from personaspace.steer.export.hub import push as push
    from personaspace.steer.export.peft import export_peft as export_peft
    from personaspace.steer.export.prompt_embeds import export_embeds as export_embeds
    from personaspace.steer.export.prompt_embeds import prompt_embeds as prompt_embeds
    from personaspace.steer.generation.sampling import Sampling as Sampling
    from personaspace.steer.model.language_model import LanguageModel as LanguageModel
    from personaspace.steer.model.loading import BaseSettings as BaseSettings
    from personaspace.steer.persona_bootstrap import Bootstrap as Bootstrap
    from personaspace.steer.soft_prompts.registry import soft_prompt_settings as soft_prompt_settings
    from personaspace.steer.steered_lm import SteeredLM as SteeredLM
    from personaspace.steer.training.settings import TrainSettings as TrainSettings
    from personaspace.survey.answers import Answers as Answers
    from personaspace.survey.filters import filtered_questions as filtered_questions
    from personaspace.survey.question import Option as Option
    from personaspace.survey.question import Question as Question
    from personaspace.survey.readers.registry import read_survey as read_survey
    from personaspace.survey.simulate import simulate as simulate
    from personaspace.survey.split import split as split
    from personaspace.survey.storage import write_survey as write_survey
    from personaspace.survey.stream import SurveyStream as SurveyStream
    from personaspace.survey.stream import open_survey as open_survey
    from personaspace.survey.stream_writer import SurveyWriter as SurveyWriter
    from personaspace.survey.survey import Survey as Survey

_HOMES = {
    "Answers": "survey.answers",
    "Autoencoder": "embedding.autoencoder.model",
    "BaseSettings": "steer.model.loading",
    "Bootstrap": "steer.persona_bootstrap",
    "Committee": "embedding.committee",
    "EASE": "embedding.ease",
    "Ensemble": "steer.ensemble",
    "Factorization": "embedding.factorization.model",
    "Gaussian": "embedding.gaussian",
    "Imputation": "imputation.multiple",
    "LanguageModel": "steer.model.language_model",
    "LightGCN": "embedding.lightgcn.model",
    "Map": "persona.map",
    "NewQuestions": "newquestions.new_questions",
    "NotFittedError": "not_fitted",
    "Option": "survey.question",
    "Persona": "persona.personas",
    "PersonaSpaceError": "errors",
    "Personas": "persona.personas",
    "Profile": "profiles.profile",
    "Question": "survey.question",
    "Results": "evaluation.results",
    "Sampling": "steer.generation.sampling",
    "SteeredLM": "steer.steered_lm",
    "Survey": "survey.survey",
    "SurveyStream": "survey.stream",
    "SurveyWriter": "survey.stream_writer",
    "TrainSettings": "steer.training.settings",
    "VllmClient": "serve.vllm.client",
    "choose_k": "persona.clustering.choose_k",
    "cluster_personas": "persona.clustering.cluster_personas",
    "demographic_personas": "persona.groups",
    "evaluate": "evaluation.protocol",
    "explained_variance": "profiles.explained_variance",
    "export_embeds": "steer.export.prompt_embeds",
    "export_peft": "steer.export.peft",
    "filtered_questions": "survey.filters",
    "impute": "imputation.multiple",
    "individual_personas": "persona.groups",
    "load_embedder": "embedding.registry",
    "map_respondents": "persona.map",
    "match_personas": "persona.matching",
    "next_question": "imputation.next_question",
    "open_run": "runs.fitted",
    "open_survey": "survey.stream",
    "plot": "reports.plots.plot",
    "pool": "imputation.rubin",
    "profile": "profiles.profile",
    "prompt_embeds": "steer.export.prompt_embeds",
    "push": "steer.export.hub",
    "read_crosstabs": "newquestions.crosstabs",
    "read_survey": "survey.readers.registry",
    "report": "runs.report",
    "simulate": "survey.simulate",
    "soft_membership": "persona.soft_membership",
    "soft_prompt_settings": "steer.soft_prompts.registry",
    "split": "survey.split",
    "system_prompt": "profiles.system_prompt",
    "write_survey": "survey.storage",
}
"""The module of every public name, as the imports above say it to type checkers."""

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'personaspace' has no attribute {name!r}")
    return getattr(import_module(f"personaspace.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
