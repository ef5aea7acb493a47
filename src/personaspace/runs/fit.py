"""The pipeline on a run folder up to the personas; each stage is not repeated when it is current."""

from __future__ import annotations
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from personaspace.runs.run import Run
from personaspace.embedding.base import Embedder
from personaspace.embedding.registry import load_embedder, make_embedder
from personaspace.errors import SettingError
from personaspace.persona.clustering.algorithms import clusterer_named
from personaspace.persona.clustering.cluster_personas import RULES, ClusterPersonas, Rule
from personaspace.persona.groups import demographic_personas, individual_personas
from personaspace.persona.map import SAMPLE, Map, map_respondents
from personaspace.persona.matching import keeping_names
from personaspace.persona.personas import Persona, Personas
from personaspace.survey.storage import digest
from personaspace.survey.split import Split, SplitSettings, split
from personaspace.survey.storage import load_survey, write_survey
from personaspace.survey.survey import Survey


OnStep = Callable[[str, int, int, str], None]
"""Told what is being done, how far it is, how far it goes, and how it stands."""


@dataclass(frozen=True)
class Fitted:
    """What ``fit`` leaves in a run folder.

    Attributes:
        split: The survey cut into training and evaluation sets.
        space: The embedder, fitted on ``split.train``.
        personas: Cluster personas in that space.
    """

    split: Split
    space: Embedder
    personas: Personas


def fit_run(
    run: Run,
    survey: Survey,
    *,
    embedder: str = "lightgcn",
    personas: int | str = "elbow",
    clusters: str = "kmeans",
    settings: SplitSettings | None = None,
    on_step: OnStep | None = None,
) -> Fitted:
    """Set evaluation sets apart, embed the training respondents and find their personas.

    Args:
        run: Where everything is written.
        survey: What people answered.
        embedder: Name of the embedder.
        personas: Number of clusters, or a rule that chooses it.
        clusters: How to cluster. Personas that stood in the run before hand their names on.
        settings: What is held back; the defaults of :class:`SplitSettings` where not given.
        on_step: Told about progress.

    Returns:
        The fitted run.
    """
    settings = settings or SplitSettings()
    clustering = clustering_of(personas, clusters, settings.seed)
    model = make_embedder(embedder, seed=settings.seed)
    about = {"name": survey.name, "digest": digest(survey), "split": asdict(settings)}
    run.stage("survey", about, (), lambda folder: write_survey(survey, folder))
    parts = split(survey, **asdict(settings))

    def embed(folder: Path) -> None:
        def on_epoch(epoch: int, epochs: int, loss: float) -> None:
            if on_step:
                on_step("embedding", epoch, epochs, f"held-out loss {loss:.3f}")

        model.fit(parts.train, on_epoch=on_epoch).save(folder)

    run.stage("embedding", {"embedder": embedder, "seed": settings.seed}, ("survey",), embed)
    space = load_embedder(run.folder / "embedding")

    def cluster(folder: Path) -> None:
        found = keeping_names(clustering.fit(space, parts.train), folder, parts.train)
        found.save(folder)
        if all(len(persona.members) < 2 for persona in found):
            return
        found.profile(parts.train).save(folder / "profile")
        found.profile(parts.train, imputed_by=space).save_questions(folder / "profile" / "imputed")

    run.stage("personas", {"k": personas, "method": clusters, "seed": settings.seed}, ("survey", "embedding"), cluster)
    return Fitted(parts, space, Personas.load(run.folder / "personas"))


def load_fitted(run: Run) -> Fitted:
    """What ``fit`` left in a run folder; :class:`RunError` where it is missing, damaged or out of date."""
    command = f"fit SURVEY --out {run.folder}"
    survey = load_survey(run.require("survey", command))
    parts = split(survey, **run.settings("survey")["split"])
    space = load_embedder(run.require("embedding", command))
    return Fitted(parts, space, Personas.load(run.require("personas", command)))


def map_run(run: Run, fitted: Fitted, method: str = "tsne", seed: int = 0, sample: int = SAMPLE) -> Map:
    """The map of a fitted run, kept in its folder so that another colour needs no new map.

    Args:
        run: A run with the stage ``personas``.
        fitted: What :func:`load_fitted` finds there.
        method: ``"tsne"`` or ``"umap"``.
        seed: Of sample and method.
        sample: Respondents shown at the most.

    Returns:
        The map.
    """

    def draw(folder: Path) -> None:
        map_respondents(fitted.space, fitted.personas, method, seed, sample).save(folder)

    run.stage("map", {"method": method, "seed": seed, "sample": sample}, ("embedding", "personas"), draw)
    return Map.load(run.folder / "map")


def clustering_of(personas: int | str, clusters: str, seed: int) -> ClusterPersonas:
    """How personas are to be found, from what a user wrote; errors where that cannot be."""
    return ClusterPersonas(k=_number_of(personas), method=clusterer_named(clusters).name, seed=seed)


def _number_of(personas: int | str) -> int | Rule:
    if personas in RULES:
        return personas
    if not str(personas).isdecimal() or int(personas) < 1:
        raise SettingError(f"personas is {personas!r}: give {', '.join(map(repr, RULES))} or a number such as 6")
    return int(personas)


def personas_named(fitted: Fitted, names: list[str] | None, mixtures: list[str] | None = None) -> Personas:
    """Personas of a run by name, and mixtures of them; all clusters where none is named.

    Args:
        fitted: The run's personas, space and respondents.
        names: Clusters, ``respondent-ID``, or ``TRAIT=value``.
        mixtures: Each such as ``cluster-1=0.7,cluster-2=0.3``.

    Raises:
        UnknownNameError: There is no persona of that name.
        SettingError: A mixture is not written that way, or its weights are not allowed.
    """
    if not names and not mixtures:
        return fitted.personas
    mixed = [_mixed(fitted, parts_of(mixture)) for mixture in mixtures or ()]
    return Personas([*(_persona(fitted, name) for name in names or ()), *mixed])


def _mixed(fitted: Fitted, weights: Mapping[str, float]) -> Persona:
    return Personas([_persona(fitted, name) for name in weights]).mix(weights)


def parts_of(mixture: str) -> dict[str, float]:
    """The weight of every persona in a written mixture.

    Raises:
        SettingError: It is not written as NAME=WEIGHT,NAME=WEIGHT, or names a persona twice.

    Example:
        >>> parts_of("cluster-1=0.7,INCOME=$30,000 or more=0.3")
        {'cluster-1': 0.7, 'INCOME=$30,000 or more': 0.3}
    """
    weights: dict[str, float] = {}
    pending = ""
    for part in mixture.split(","):
        pending = f"{pending},{part}" if pending else part
        name, _, weight = pending.rpartition("=")
        try:
            value = float(weight)
        except ValueError:
            continue  # the comma belonged to a name
        if not name or name.strip() in weights:
            break
        weights[name.strip()], pending = value, ""
    if pending or not weights:
        raise SettingError(
            f"cannot read the mixture {mixture!r} at {pending!r}: write NAME=WEIGHT,NAME=WEIGHT, "
            "every name once and weights as numbers, such as cluster-1=0.7,cluster-2=0.3"
        )
    return weights


def _persona(fitted: Fitted, name: str) -> Persona:
    if name.startswith("respondent-"):
        return individual_personas(fitted.space)[name]
    trait, equals, _ = name.partition("=")
    if equals:
        return demographic_personas(fitted.space, fitted.split.train, trait)[name]
    return fitted.personas[name]
