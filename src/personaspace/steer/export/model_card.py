"""The model card of a steered model on the hub: origin, accuracy, intended use and limits."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

TAGS = ["personaspace", "steering", "soft-prompt", "survey", "public-opinion"]

USE = """\
It answers and writes as a *group* of people of this survey would, as far as the group's answers tell: to try questions
before asking people, and to look for questions worth asking. Its answers are estimates. They do not replace asking
people, say nothing about any one person, and are less certain the less a question resembles those of the survey.
The base model's own biases remain, and its licence applies to everything written with it."""


def model_card(
    config: Mapping[str, Any],
    repository: str,
    base_model: str | None,
    personas: Sequence[str] = (),
    results: Mapping[str, pd.DataFrame] | None = None,
    disclosure: Mapping[str, str] | None = None,
) -> str:
    """Write the model card of a steered model.

    Args:
        config: Content of ``config.json`` as :meth:`SteeredLM.save` writes it.
        repository: ``"organisation/name"``.
        base_model: Hub name of the base model; ``None`` where it ships with the package.
        personas: Names of the personas that come with it.
        results: Tables of an evaluation by metric, methods in rows and evaluation sets in columns.
        disclosure: Of that evaluation: sentences by their heading.

    Returns:
        Markdown with metadata; text from the survey is escaped.
    """
    from huggingface_hub import ModelCardData

    data = ModelCardData(
        base_model=base_model,
        library_name="personaspace",
        pipeline_tag="text-generation",
        tags=TAGS,
        base_model_relation="adapter" if base_model else None,
    )
    parts = [
        f"---\n{data.to_yaml()}\n---",
        f"# {plain(repository)}",
        f"A soft-prompting model that steers the frozen language model {_code(config['model'])} toward any point of a "
        "space of survey respondents, made with `personaspace`.",
        "## What it learned from",
        _learned_from(config.get("trained_on")),
        "## How well it answers",
        _best(config["history"]),
        *_evaluation(results),
        *_disclosed(disclosure),
        "## Loading it",
        _loading(repository, personas),
        "## Intended use and limits",
        USE,
        "## Settings",
        _settings(config),
    ]
    return "\n\n".join(parts) + "\n"


def plain(text: object) -> str:
    r"""Escape foreign text for Markdown, so that it is neither markup, nor HTML, nor a link.

    Example:
        >>> print(plain("<b>*Tea* | [coffee](x)\n"))
        &lt;b&gt;\*Tea\* \| \[coffee\]\(x\)
    """
    line = html.escape(" ".join(str(text).split()), quote=False).replace("://", ":&#47;&#47;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~])", r"\\\1", line)


def _code(text: object) -> str:
    return "`" + " ".join(str(text).split()).replace("`", "'") + "`"


def _learned_from(facts: Mapping[str, Any] | None) -> str:
    if not facts:
        return "Not recorded."
    text = (
        f"{facts['answers']:,} answers of {facts['respondents']:,} respondents to {facts['questions']:,} questions of "
        f"the survey {plain(facts['survey'])}. The answers themselves are not in this repository."
    )
    return f"**Nobody real answered: the survey is simulated.** {text}" if facts["simulated"] else text


def _best(history: Sequence[Mapping[str, float]]) -> str:
    if not history:
        return "Its training left no record."
    best = min(history, key=lambda check: check["log_loss"])
    return (
        "On the validation answers, which decided when to stop and were not trained on: "
        f"log-loss {best['log_loss']:.3f}, accuracy {best['accuracy']:.3f}, after {best['step']:.0f} steps."
    )


def _evaluation(results: Mapping[str, pd.DataFrame] | None) -> list[str]:
    if not results:
        return ["No evaluation beside baselines came with this model."]
    parts = ["On evaluation sets that no stage was fitted on, beside the baselines:"]
    for metric, table in results.items():
        head = [plain(metric.replace("_", " ")), *map(plain, table.columns)]
        lines = [head, ["---", *["---:"] * len(table.columns)]]
        lines += [[plain(name), *map(_number, row)] for name, *row in table.itertuples(name=None)]
        parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
    return parts


def _disclosed(disclosure: Mapping[str, str] | None) -> list[str]:
    if not disclosure:
        return []
    lines = [f"- {plain(heading)}: {plain(sentence)}" for heading, sentence in disclosure.items()]
    return ["## Disclosure", "\n".join(lines)]


def _number(value: float) -> str:
    return "" if pd.isna(value) else f"{value:.3f}"


def _loading(repository: str, personas: Sequence[str]) -> str:
    who = "lm.personas_" if personas else "personas  # points of the space it was trained in"
    code = (
        "```python\nimport personaspace as ps\n\n"
        f"lm = ps.SteeredLM.load({json.dumps(repository)})\n"
        f'lm.ask("Should the voting age be lowered?", ["Yes", "No"], {who})\n```'
    )
    if not personas:
        return f"{code}\n\nNo personas come with it."
    return f"{code}\n\nIts personas: {', '.join(map(plain, personas))}."


def _settings(config: Mapping[str, Any]) -> str:
    shown = {key: config[key] for key in ("attachment", "soft_prompt", "settings", "dim")}
    return f"```json\n{json.dumps(shown, indent=1).replace('`', chr(39))}\n```"
