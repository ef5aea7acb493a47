"""Read a codebook: find its file beside a table, parse YAML or JSON, and say in one sentence what is wrong with it.

Codebooks may come from anybody: aliases that would multiply to more than :data:`MOST_NODES` values are refused before
they are followed, and whatever the parsers raise becomes a :class:`SurveyError`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from personaspace.errors import SurveyError, first_fault, shown
from personaspace.files import user_path
from personaspace.survey.readers.codebook import TableCodebook
from personaspace.survey.readers.source import Codebook

MOST_NODES = 1_000_000
"""Values a YAML codebook may hold, each counted as often as aliases repeat it."""

MOST_BRACKETS = 50
"""Lists and mappings within each other that a YAML codebook may hold in brackets; any real one needs four."""

MALFORMED = (OSError, yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError, MemoryError)
"""What the parsers raise on malformed, odd or too deep content."""

SUFFIXES = ("codebook.yaml", "codebook.yml", "codebook.json")


def read_codebook(table: Path, given: Codebook | None) -> TableCodebook | None:
    """Read the codebook of a table: the one given, or the one beside it.

    Args:
        table: Where the table lies.
        given: A YAML or JSON file, the content as a mapping, or ``None`` to look beside the table.

    Returns:
        The codebook, ``None`` where there is none.

    Raises:
        SurveyError: It is missing or malformed; of a YAML file the message names the line.
    """
    if isinstance(given, Mapping):
        return _validated("the codebook", given, None)
    path = beside(table) if given is None else user_path(given)
    if path is None:
        return None
    if not path.is_file():
        raise SurveyError(f"there is no codebook {path}: check the path")
    return _validated(f"the codebook {path}", *_parsed(path))


def beside(table: Path) -> Path | None:
    """The codebook beside a table, if there is one; :class:`SurveyError` if there are several."""
    found = [path for suffix in SUFFIXES if (path := table.with_name(f"{_stem(table)}.{suffix}")).is_file()]
    if len(found) > 1:
        raise SurveyError(f"{table} has {len(found)} codebooks beside it: say which with codebook=")
    return found[0] if found else None


def _stem(table: Path) -> str:
    return table.name.removesuffix(".gz").rpartition(".")[0]


def _parsed(path: Path) -> tuple[Any, yaml.Node | None]:
    """The content of a codebook and, of YAML, the node that knows its lines."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".json":
            return json.loads(text, object_pairs_hook=_without_duplicates), None
        loader = _TextLoader(text)
        node = loader.get_single_node()
        if node is None:
            return None, None
        if _size(node, {}) > MOST_NODES:
            raise SurveyError(f"the codebook {path} has aliases that repeat more than {MOST_NODES} values: write less")
        return loader.construct_document(node), node
    except SurveyError:
        raise
    except MALFORMED as error:
        raise SurveyError(f"the codebook {path} cannot be read: {_reason(error)}") from error


def _validated(what: str, content: Any, node: yaml.Node | None) -> TableCodebook:
    try:
        return TableCodebook.model_validate(content)
    except ValidationError as error:
        line = _line(node, error.errors(include_input=False, include_url=False)[0]["loc"])
        raise SurveyError(f"{what}{f', line {line}' if line else ''}, {first_fault(error)}") from error
    except RecursionError as error:
        raise SurveyError(f"{what}, {first_fault(error)}") from error


def _line(node: yaml.Node | None, where: Sequence[str | int]) -> int | None:
    """The line of the deepest part of a document on the way to a place in it."""
    line = None
    for part in where:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                continue  # the kind of a union, which pydantic names on the way
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
    return line


def _reason(error: Exception) -> str:
    known = isinstance(error, OSError | ValueError | yaml.YAMLError | RecursionError | MemoryError)
    return first_fault(error) if known else f"a value does not fit its tag ({first_fault(error)})"


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """Values in a node, aliases followed; by node, so that each is counted once. A node within itself has no end."""
    if id(node) not in known:
        known[id(node)] = MOST_NODES  # while its parts are counted
        parts = [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 if isinstance(node, yaml.ScalarNode) else 1 + sum(_size(part, known) for part in parts)
    return known[id(node)]


class _TextLoader(yaml.SafeLoader):
    """YAML in which every word but null and the merge key is text, so that the option Yes stays Yes."""

    yaml_implicit_resolvers = {  # noqa: RUF012  (PyYAML's own class attribute)
        first: [rule for rule in rules if rule[0] in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        """Begin a list or mapping in brackets; many within each other take PyYAML's scanner seconds."""
        if self.flow_level >= MOST_BRACKETS:
            raise RecursionError
        super().fetch_flow_collection_start(token)


def _mapping(loader: yaml.SafeLoader, node: yaml.Node) -> dict[str, Any]:
    if not isinstance(node, yaml.MappingNode) or any(not isinstance(key, yaml.ScalarNode) for key, _ in node.value):
        line = node.start_mark.line + 1
        raise SurveyError(f"the codebook has something else than a word before a colon in line {line} or below")
    _without_duplicates((key.value, None) for key, _ in node.value)  # merged keys may be given anew
    loader.flatten_mapping(node)
    return {str(loader.construct_object(key)): loader.construct_object(value, deep=True) for key, value in node.value}


def _without_duplicates(pairs: Iterable[tuple[Any, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if str(key) in content:
            raise SurveyError(f"the codebook has the key {shown(key)} twice at one place: rename or merge them")
        content[str(key)] = value
    return content


_TextLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
