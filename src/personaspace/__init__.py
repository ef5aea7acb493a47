"""From what people answered to a language model that answers like them.

The public names are imported when first used: ``import personaspace`` loads neither torch nor altair.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from personaspace.embedding.autoencoder import Autoencoder as Autoencoder
    from personaspace.embedding.committee import Committee as Committee
    from personaspace.embedding.factorization import Factorization as Factorization
    from personaspace.embedding.imputation import Imputation as Imputation
    from personaspace.embedding.imputation import impute as impute
    from personaspace.embedding.information import next_question as next_question
    from personaspace.embedding.lightgcn import LightGCN as LightGCN
    from personaspace.errors import PersonaSpaceError as PersonaSpaceError
    from personaspace.evaluation.protocol import evaluate as evaluate
    from personaspace.evaluation.rubin import pool as pool
    from personaspace.persona.clustering import ClusterPersonas as ClusterPersonas
    from personaspace.persona.groups import demographic_personas as demographic_personas
    from personaspace.persona.groups import individual_personas as individual_personas
    from personaspace.persona.map import Map as Map
    from personaspace.persona.map import map_respondents as map_respondents
    from personaspace.persona.matching import match_personas as match_personas
    from personaspace.persona.personas import Persona as Persona
    from personaspace.persona.personas import Personas as Personas
    from personaspace.persona.soft import soft_membership as soft_membership
    from personaspace.persona.variance import explained_variance as explained_variance
    from personaspace.serve.vllm import VllmClient as VllmClient
    from personaspace.steer.ensemble import Ensemble as Ensemble
    from personaspace.steer.interval import Bootstrap as Bootstrap
    from personaspace.steer.steered import SteeredLM as SteeredLM
    from personaspace.steer.train_settings import TrainSettings as TrainSettings
    from personaspace.survey.answers import Answers as Answers
    from personaspace.survey.question import Option as Option
    from personaspace.survey.question import Question as Question
    from personaspace.survey.readers import read_survey as read_survey
    from personaspace.survey.simulate import simulate as simulate
    from personaspace.survey.split import split as split
    from personaspace.survey.stream import SurveyStream as SurveyStream
    from personaspace.survey.stream import open_survey as open_survey
    from personaspace.survey.stream_writer import SurveyWriter as SurveyWriter
    from personaspace.survey.survey import Survey as Survey

_HOMES = {
    "Answers": "survey.answers",
    "Autoencoder": "embedding.autoencoder",
    "Bootstrap": "steer.interval",
    "ClusterPersonas": "persona.clustering",
    "Committee": "embedding.committee",
    "Ensemble": "steer.ensemble",
    "Factorization": "embedding.factorization",
    "Imputation": "embedding.imputation",
    "LightGCN": "embedding.lightgcn",
    "Map": "persona.map",
    "Option": "survey.question",
    "Persona": "persona.personas",
    "PersonaSpaceError": "errors",
    "Personas": "persona.personas",
    "Question": "survey.question",
    "SteeredLM": "steer.steered",
    "Survey": "survey.survey",
    "SurveyStream": "survey.stream",
    "SurveyWriter": "survey.stream_writer",
    "TrainSettings": "steer.train_settings",
    "VllmClient": "serve.vllm",
    "demographic_personas": "persona.groups",
    "evaluate": "evaluation.protocol",
    "explained_variance": "persona.variance",
    "impute": "embedding.imputation",
    "individual_personas": "persona.groups",
    "map_respondents": "persona.map",
    "match_personas": "persona.matching",
    "next_question": "embedding.information",
    "open_survey": "survey.stream",
    "pool": "evaluation.rubin",
    "read_survey": "survey.readers",
    "simulate": "survey.simulate",
    "soft_membership": "persona.soft",
    "split": "survey.split",
}

__all__ = sorted(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'personaspace' has no attribute {name!r}")
    return getattr(import_module(f"personaspace.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
