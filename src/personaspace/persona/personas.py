"""Personas: named points of an embedding space that stand for a respondent, a group of respondents or a mixture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self, overload

import numpy as np
import pandas as pd

from personaspace.embedding.base import Embedder
from personaspace.errors import RunError, SettingError, first_fault, shown, unknown
from personaspace.files import check_tensors, read_checked, read_tensors, write_json, write_tensors
from personaspace.persona.gaussian_mixture import AnswerMixture, nearest
from personaspace.persona.saved import FORMAT, Kind, SavedPersonas, from_records, saved_mixture, to_records
from personaspace.survey.arrays import Vectors
from personaspace.survey.lookup import index_of

NAMED_FROM = 0.005
"""The smallest weight that the name of a mixture mentions."""


@dataclass(frozen=True, eq=False)
class Persona:
    """A point of an embedding space and the respondents it stands for.

    Attributes:
        name: Such as ``"cluster-3"``, ``"respondent-100197"`` or ``"POLPARTY=Democrat"``.
        kind: Whether it is one respondent, a cluster, a demographic group or a mixture of other personas.
        vector: The point, shape ``[dim]``.
        members: Ids of the respondents it was made from; none for a mixture.
        share: The members' (weighted) share of all respondents of the embedder; 0 for a mixture.
        label: A few words that say what sets it apart, for people; empty where there are none. The name stays the id.
        label_given: Whether a person gave the label; otherwise it was made from statistics.
    """

    name: str
    kind: Kind
    vector: Vectors
    members: tuple[str, ...] = ()
    share: float = 0.0
    label: str = ""
    label_given: bool = False

    @property
    def title(self) -> str:
        """Its name, and its label if it has one, such as ``"cluster-3: The worried"``."""
        return f"{self.name}: {self.label}" if self.label else self.name

    def __repr__(self) -> str:
        return f"Persona({self.name!r}: {self.kind}, {len(self.members)} members, share {self.share:.3f})"


class Personas(Sequence[Persona]):
    """Personas in a fixed order, found by position or by name; immutable.

    A slice keeps the notes, the curve, and the rows and mixture components of the personas it holds.

    Args:
        personas: With distinct names and vectors of one length.
        curve: The curve by which k was chosen, if it was (:func:`personaspace.persona.clustering.choose_k.choose_k`).
        clusters: For cluster personas, every cluster found and its validity
            (:func:`personaspace.persona.clustering.validity.cluster_validity`).
        notes: Sentences for the reader: why this number of personas, and what happened to small clusters.
        mixture: The Gaussian mixture whose components the personas are, if they are.

    Raises:
        SettingError: Two personas of one name, or vectors of different lengths.

    Example:
        >>> left, right = (Persona(n, "cluster", np.array([x], np.float32)) for n, x in (("left", -1), ("right", 1)))
        >>> personas = Personas([left, right])
        >>> personas.names, personas["right"] is personas[1]
        (('left', 'right'), True)
        >>> personas.mix({"left": 1, "right": 3}).vector
        array([0.5], dtype=float32)
    """

    def __init__(
        self,
        personas: Iterable[Persona],
        curve: pd.DataFrame | None = None,
        clusters: pd.DataFrame | None = None,
        notes: Sequence[str] = (),
        mixture: AnswerMixture | None = None,
    ) -> None:
        self._personas = tuple(personas)
        self.curve, self.clusters, self.notes, self.mixture = curve, clusters, tuple(notes), mixture
        if len(self._index) != len(self):
            twice = next(name for place, name in enumerate(self.names) if self._index[name] != place)
            raise SettingError(f"two personas are called {twice!r}: give every persona a name of its own")
        if len({persona.vector.shape for persona in self}) > 1:
            raise SettingError("the personas' vectors differ in length: they must come from one space")

    def __len__(self) -> int:
        return len(self._personas)

    def __iter__(self) -> Iterator[Persona]:
        return iter(self._personas)

    @overload
    def __getitem__(self, key: int | str) -> Persona: ...

    @overload
    def __getitem__(self, key: slice) -> Self: ...

    def __getitem__(self, key: int | str | slice) -> Persona | Self:
        if isinstance(key, slice):
            return self._some(key)
        if isinstance(key, str):
            if key not in self._index:
                raise unknown("persona", key, self.names)
            return self._personas[self._index[key]]
        return self._personas[key]

    def __repr__(self) -> str:
        names = ", ".join(self.names[:6]) + (", ..." if len(self) > 6 else "")
        return f"Personas({len(self)}: {names})"

    def _repr_html_(self) -> str:
        rows = [(persona.name, len(persona.members), persona.share) for persona in self]
        table = pd.DataFrame(rows, columns=["persona", "respondents", "share"])
        return table.to_html(index=False, formatters={"share": "{:.1%}".format})

    @property
    def names(self) -> tuple[str, ...]:
        """Every persona's name, in order."""
        return tuple(persona.name for persona in self)

    @cached_property
    def vectors(self) -> Vectors:
        """Every persona's vector, float32, shape ``[personas, dim]``."""
        rows = [persona.vector for persona in self]
        return np.stack(rows).astype(np.float32) if rows else np.empty((0, 0), np.float32)

    @cached_property
    def _index(self) -> dict[str, int]:
        return index_of(persona.name for persona in self._personas)

    def _some(self, kept: slice) -> Self:
        personas, clusters, mixture = self._personas[kept], self.clusters, self.mixture
        if clusters is not None:
            names = [persona.name for persona in personas]
            clusters = clusters[clusters["persona"].isin(names)].reset_index(drop=True)
        if mixture is not None:
            mixture = mixture.some(np.arange(len(self))[kept]) if personas else None
        return type(self)(personas, self.curve, clusters, self.notes, mixture)

    def of(self, embedder: Embedder, vectors: Vectors | None = None) -> pd.Series[str]:
        """The persona of every respondent, by name.

        Respondents of the embedder belong to the persona they are members of. New people have no membership: they get
        the persona nearest to them, by the squared distance between the answers expected of both.

        Args:
            embedder: The fitted embedder that the personas were made from.
            vectors: New people, shape ``[n, dim]``, such as ``embedder.embed(other_survey)``; the embedder's own
                respondents where not given.

        Returns:
            A series of names. For the embedder's own respondents it is indexed by id and missing (NA) for members of
            no persona; members of several get the first. For new people it is indexed from 0, in the order of
            ``vectors``.

        Raises:
            SettingError: There is no persona to be nearest to, or the vectors have another length.

        Example:
            >>> from personaspace.embedding.factorization.model import Factorization
            >>> from personaspace.persona.groups import demographic_personas
            >>> from personaspace.survey.simulate import simulate
            >>> survey = simulate(respondents=200, seed=0)
            >>> embedder = Factorization(dim=4, seed=0).fit(survey)
            >>> personas = demographic_personas(embedder, survey, "region")
            >>> personas.of(embedder).iloc[0] == "region=" + survey.traits["region"].iloc[0]
            True
            >>> len(personas.of(embedder, embedder.embed(survey.select(respondents=[3, 5]))))
            2
        """
        if vectors is None:
            name_of = {member: persona.name for persona in reversed(self._personas) for member in persona.members}
            return pd.Series([name_of.get(name) for name in embedder.ids_], index=list(embedder.ids_), dtype="str")
        if not len(self):
            raise SettingError("there are no personas, so nobody can belong to one: give at least one")
        centres = embedder.predict(self.vectors)
        places = (nearest(expected, centres) for _, expected in embedder.predict_blocks(vectors))
        return pd.Series([self.names[place] for block in places for place in block], dtype="str")

    def mix(self, weights: Mapping[str, float] | pd.Series[float]) -> Persona:
        """The weighted mean of personas' vectors, as a persona.

        Args:
            weights: The weight of each named persona; at least 0, scaled to sum to 1. A row of
                :func:`~personaspace.persona.soft_membership.soft_membership` makes a respondent a mixture of personas.

        Returns:
            A persona such as ``"0.25 left + 0.75 right"``, of kind ``"mixture"``; its name leaves out
            weights below 1 in 200.

        Raises:
            UnknownNameError: There is no persona of that name.
            SettingError: A weight is negative or not finite, or all are 0.
        """
        weights = {str(name): float(part) for name, part in weights.items()}
        vectors = np.array([self[name].vector for name in weights])
        parts = np.array(list(weights.values()), dtype=np.float64)
        if not len(parts) or not np.isfinite(parts).all() or (parts < 0).any() or parts.sum() == 0:
            raise SettingError(f"cannot mix {weights}: weights are finite, at least 0, and one is above 0")
        parts /= parts.sum()
        name = " + ".join(f"{part:.4g} {name}" for part, name in zip(parts, weights, strict=True) if part >= NAMED_FROM)
        return Persona(name, "mixture", (parts @ vectors).astype(np.float32))

    def renamed(self, names: Mapping[str, str]) -> Self:
        """The same personas under other names, in their tables and notes as well.

        Args:
            names: The new name of every old one.
        """
        clusters = self.clusters
        if clusters is not None:
            clusters = clusters.assign(persona=clusters["persona"].map(names))
        pattern = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, names))})(?![\w-])")
        notes = [pattern.sub(lambda found: names[found.group()], note) for note in self.notes]
        renamed = (replace(persona, name=names[persona.name]) for persona in self)
        return type(self)(renamed, self.curve, clusters, notes, self.mixture)

    def save(self, folder: str | Path) -> None:
        """Write ``personas.json`` and ``centroids.safetensors`` into a folder; neither is ever written in part.

        Raises:
            RunError: The folder cannot be written.
        """
        described = [
            {"name": p.name, "kind": p.kind, "share": p.share, "members": list(p.members)}
            | ({"label": p.label, "label_given": p.label_given} if p.label else {})
            for p in self
        ]
        mixture = {} if self.mixture is None else self.mixture.tensors()
        write_tensors(Path(folder) / "centroids.safetensors", {"vectors": self.vectors, **mixture})
        write_json(
            Path(folder) / "personas.json",
            {
                "format": FORMAT,
                "personas": described,
                "curve": to_records(self.curve),
                "clusters": to_records(self.clusters),
                "notes": list(self.notes),
            },
        )

    def check_made_from(self, embedder: Embedder, folder: Path) -> None:
        """Raise :class:`RunError` where a member is not known to the embedder, or vectors have another length."""
        if strangers := {member for persona in self for member in persona.members}.difference(embedder.ids_):
            raise RunError(
                f"{folder}: {len(strangers)} member(s) of personas are no respondents of the embedder, first "
                f"{shown(min(strangers))}: make the personas again"
            )
        if len(self) and self.vectors.shape[1] != embedder.dim:
            raise RunError(
                f"{folder}: personas have vectors of length {self.vectors.shape[1]}, the embedder of {embedder.dim}: "
                "make them again"
            )

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            RunError: A file is missing, corrupt, of another format, or the two do not belong together.
        """
        path, vectors = Path(folder) / "personas.json", Path(folder) / "centroids.safetensors"
        content, tensors = read_checked(path, SavedPersonas, FORMAT), read_tensors(vectors)
        check_tensors(vectors, tensors, {"vectors": (len(content.personas), None)})
        mixture = saved_mixture(vectors, tensors, len(content.personas)) if len(tensors) > 1 else None
        personas = [
            Persona(saved.name, saved.kind, vector, saved.members, saved.share, saved.label, saved.label_given)
            for saved, vector in zip(content.personas, tensors["vectors"], strict=True)
        ]
        try:
            return cls(personas, from_records(content.curve), from_records(content.clusters), content.notes, mixture)
        except (SettingError, ValueError, TypeError) as error:
            raise RunError(f"{path} does not describe personas ({first_fault(error)}): make them again") from error


PersonasLike = Personas | Persona | Sequence[Persona]
"""Personas, one persona, or a list of them."""


def as_personas(personas: PersonasLike) -> Personas:
    """Personas from one persona or a list of them; :class:`SettingError` where something else is among them."""
    if isinstance(personas, Personas):
        return personas
    given: list[Any] = list(personas) if isinstance(personas, list | tuple) else [personas]
    if strangers := [one for one in given if not isinstance(one, Persona)]:
        raise SettingError(f"{strangers[0]!r:.60} is not a persona: give personas, one of them, or a list of them")
    return Personas(given)
