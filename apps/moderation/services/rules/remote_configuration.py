"""The configuration of rules that count or ask elsewhere: what it may say, and its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.moderation.constants import RuleKind
from apps.moderation.detection.contract import ConfigurationError

MAX_INSTRUCTION_CHARS = 2_000
MAX_CATEGORIES = 50
MAX_NAME_CHARS = 80
MAX_RATE = 10_000
MAX_RATE_SECONDS = 86_400


def validate(kind: str, configuration: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration of a rule that counts or asks elsewhere, with its defaults.

    Raises:
        ConfigurationError: it cannot be used.
    """
    match kind:
        case RuleKind.ENDPOINT:
            known = {"categories", "model"}
            tidy = _endpoint(configuration)
        case RuleKind.JUDGE:
            known = {"instruction", "model"}
            tidy = _judge_configuration(configuration)
        case _:
            known = {"limit", "seconds"}
            tidy = {
                "limit": _number(configuration, "limit", MAX_RATE),
                "seconds": _number(configuration, "seconds", MAX_RATE_SECONDS),
            }
    for key in configuration:
        if key not in known:
            names = ", ".join(sorted(known))
            raise ConfigurationError(str(key), f"Remove '{key}'. This kind of rule knows: {names}.")
    return tidy


def _endpoint(configuration: Mapping[str, Any]) -> dict[str, Any]:
    categories = configuration.get("categories", [])
    is_list = isinstance(categories, list) and len(categories) <= MAX_CATEGORIES
    if not is_list or not all(
        isinstance(name, str) and 0 < len(name) <= MAX_NAME_CHARS for name in categories
    ):
        advice = "List names of categories such as hate or violence; an empty list means all."
        raise ConfigurationError("categories", advice)
    return {"categories": categories, "model": _model(configuration)}


def _judge_configuration(configuration: Mapping[str, Any]) -> dict[str, Any]:
    instruction = configuration.get("instruction")
    if not isinstance(instruction, str) or not instruction.strip():
        raise ConfigurationError("instruction", "Say in plain words what goes against the rule.")
    if len(instruction) > MAX_INSTRUCTION_CHARS:
        advice = f"Shorten the instruction to {MAX_INSTRUCTION_CHARS:,} characters."
        raise ConfigurationError("instruction", advice)
    return {"instruction": instruction.strip(), "model": _model(configuration)}


def _model(configuration: Mapping[str, Any]) -> str:
    model = configuration.get("model", "")
    if not isinstance(model, str) or len(model) > MAX_NAME_CHARS:
        raise ConfigurationError("model", "Name a model, or leave it out for the usual one.")
    return model


def _number(configuration: Mapping[str, Any], name: str, most: int) -> int:
    value = configuration.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise ConfigurationError(name, f"Set '{name}' to a whole number from 1 to {most:,}.")
    return value
