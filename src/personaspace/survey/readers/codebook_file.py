"""Read a codebook: find its file beside a table, parse YAML or JSON, and say in one sentence what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from personaspace.errors import SurveyError
from personaspace.survey.readers.source import Codebook

B = TypeVar("B", bound=BaseModel)

SUFFIXES = ("codebook.yaml", "codebook.yml", "codebook.json")
EXAMPLE = """\
respondent: id
questions:
  trust:
    text: Can most people be trusted?
    options: [Never, Sometimes, Always]"""


def read_codebook(table: Path, given: Codebook | None, model: type[B]) -> B:
    """Read the codebook of a table: the one given, or the one beside it.

    Args:
        table: Where the table lies.
        given: A YAML or JSON file, the content as a mapping, or ``None`` to look beside the table.
        model: The pydantic model of a codebook of this kind.

    Raises:
        SurveyError: There is none, or it is malformed.
    """
    if isinstance(given, Mapping):
        return _validated("the codebook", given, model)
    path = beside(table) if given is None else Path(given).expanduser()
    if path is None:
        stem = _stem(table)
        raise SurveyError(
            f"{table} needs a codebook that says what its columns mean. Write {stem}.codebook.yaml beside it "
            f"(or give codebook=...), at least:\n{EXAMPLE}"
        )
    if not path.is_file():
        raise SurveyError(f"there is no codebook {path}: check the path")
    return _validated(f"the codebook {path}", _parsed(path), model)


def beside(table: Path) -> Path | None:
    """The codebook beside a table, if there is one; :class:`SurveyError` if there are several."""
    found = [path for suffix in SUFFIXES if (path := table.with_name(f"{_stem(table)}.{suffix}")).is_file()]
    if len(found) > 1:
        raise SurveyError(f"{table} has {len(found)} codebooks beside it: say which with codebook=")
    return found[0] if found else None


def _stem(table: Path) -> str:
    return table.name.removesuffix(".gz").rpartition(".")[0]


def _parsed(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".json":
            return json.loads(text, object_pairs_hook=_without_duplicates)
        return _TextLoader(text).get_single_data()
    except SurveyError:
        raise
    except (OSError, yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise SurveyError(f"the codebook {path} cannot be read: {reason}") from error


def _validated(what: str, content: Any, model: type[B]) -> B:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first, *others = error.errors()
        where = ".".join(str(part) for part in first["loc"] if "[" not in str(part)) or "its content"
        more = f" (and {len(others)} more)" if others else ""
        raise SurveyError(f"{what}, at {where}: {first['msg'].lower()}{more}") from error


class _TextLoader(yaml.SafeLoader):
    """YAML in which every word but null is text, so that the option Yes stays Yes."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (PyYAML's own class attribute)
        first: [rule for rule in rules if rule[0] == "tag:yaml.org,2002:null"]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[str, Any]:
    return _without_duplicates(
        (loader.construct_object(key, deep=True), loader.construct_object(value, deep=True))
        for key, value in node.value
    )


def _without_duplicates(pairs: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if str(key) in content:
            raise SurveyError(f"the codebook has the key {str(key)!r} twice at one place: rename or merge them")
        content[str(key)] = value
    return content


_TextLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
