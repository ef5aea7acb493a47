"""The text of a drafted codebook: YAML with a comment beside every guess, to be read and edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from personaspace.errors import escaped
from personaspace.survey.readers.draft.content import Content, escaped_pattern
from personaspace.survey.readers.draft.facts import Facts
from personaspace.survey.readers.draft.guess import Guess
from personaspace.survey.readers.draft.silent_codes import all_values

LONGEST = 160
"""Characters of a comment about one column."""


class _Dumper(yaml.SafeDumper):
    """Writes lists in one line."""


_Dumper.add_representer(
    list, lambda dumper, of: dumper.represent_sequence("tag:yaml.org,2002:seq", of, flow_style=True)
)


def yaml_text(title: str, content: Content, facts: Mapping[str, Facts], guesses: Sequence[Guess]) -> str:
    """The codebook as commented YAML; :func:`yaml.safe_load` gives the content back.

    Args:
        title: What was read, for the first line.
        content: Of the codebook.
        facts: By column.
        guesses: One per column, in the file's order.
    """
    by_name = {guess.column: guess for guess in guesses}
    lines = [
        _comment(title),
        "# Guessed by rules: the reason stands beside each column. Calls to look at say 'doubtful'.",
    ]
    for key in ("respondent", "weight"):
        lines += _one(key, content, by_name)
    lines += _list(
        "traits", "Who the respondents are; compared between personas, never asked.", content, by_name, facts
    )
    for key, what in (("refusals", "refused to answer"), ("missing", "gave no answer")):
        if key in content:
            lines += ["", f"# Cells that mean that a respondent {what}.", f"{key}: {_flow(content[key])}"]
    lines += _list(
        "leave_out", "Not read, and why. Delete a line and name it above or below to use it.", content, by_name, facts
    )
    if "questions" in content:
        lines += [
            "",
            "# Asked. Texts and options are the file's where none stand here; options are listed in their order.",
        ]
        lines += ["questions:"]
        for name, entry in content["questions"].items():
            lines += _question(name, entry, by_name, facts)
    return "\n".join(lines) + "\n"


def _one(key: str, content: Content, guesses: Mapping[str, Guess]) -> list[str]:
    others = [guess.column for guess in guesses.values() if guess.role == key and guess.column != content.get(key)]
    if key not in content:
        return [f"# No {key} was recognized{': rows are numbered from 1' if key == 'respondent' else ''}."]
    more = f"; others: {', '.join(others[:5])}" if others else ""
    return ["", f"{key}: {_flow(content[key])}  {_why(guesses[content[key]], more)}"]


def _list(
    key: str, heading: str, content: Content, guesses: Mapping[str, Guess], facts: Mapping[str, Facts]
) -> list[str]:
    if key not in content:
        return []
    of = {escaped_pattern(name) if key == "leave_out" else name: name for name in guesses}
    lines = ["", _comment(heading), f"{key}:"]
    for entry in content[key]:
        guess = guesses[of[entry]]
        role = f"{guess.role}: " if key == "leave_out" else ""
        lines.append(f"- {_flow(entry)}  {_why(guess, _label(facts[guess.column]), role)}")
    return lines


def _question(
    name: str, entry: Mapping[str, Any], guesses: Mapping[str, Guess], facts: Mapping[str, Facts]
) -> list[str]:
    multiple = entry.get("multiple", {})
    columns = [multiple["column"]] if "column" in multiple else list(multiple.get("columns", [name]))
    guess, one = guesses[columns[0]], facts[columns[0]]
    lines = []
    if not guess.sure or guess.role != "question":
        lines.append(f"  {_why(guess)}")
    if one.text and "columns" not in multiple:
        lines.append(f"  {_comment(one.text)}")
    if not entry:
        lines += [f"  {_comment(_options(one))}", f"  {_flow(name)}: {{}}"]
        return lines
    body = yaml.dump({name: dict(entry)}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6)
    return lines + [f"  {line}" for line in body.splitlines()]


def _options(facts: Facts) -> str:
    texts = [f"{code} {label}" for code, label in facts.options.items()]
    texts += [f"{value} without a label" for value in all_values(facts) if value not in facts.options]
    away = [f"{code} {facts.column.labels.get(code, '')}".strip() for code in sorted(facts.away)]
    return ", ".join(texts) + (f"; no answer: {', '.join(away)}" if away else "")


def _why(guess: Guess, more: str = "", role: str = "") -> str:
    return _comment(f"{'' if guess.sure else 'doubtful: '}{role}{guess.why}{more}")


def _label(facts: Facts) -> str:
    return f" ({facts.text})" if facts.text else ""


def _comment(text: str) -> str:
    """A text from a file as one line of comment."""
    return f"# {escaped(' '.join(text.split()), most=LONGEST)}"


def _flow(value: Any) -> str:
    """A name or a list as YAML in one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6)
    return text.removesuffix("...\n").strip()
