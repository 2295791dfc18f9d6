"""The door of this package: from the configuration of a rule to a detector.

Three kinds are known.

`keyword`  {"terms": [...], "match": "word" | "anywhere", "fold": true}
`regex`    {"pattern": "...", "ignore_case": false, "look_back": null}
`pii`      {"types": ["email", "phone", "iban", "card", "ip", "secret"]}
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from apps.moderation.detection import keyword, pii, regex
from apps.moderation.detection.base import (
    MAX_LOOK_BACK,
    Configuration,
    ConfigurationError,
    Detector,
    Span,
)

__all__ = [
    "MAX_LOOK_BACK",
    "Configuration",
    "ConfigurationError",
    "Detector",
    "Span",
    "compile_detector",
    "validate_configuration",
]


class _Kind(NamedTuple):
    validate: Callable[[Configuration], dict[str, object]]
    build: Callable[[Configuration], Detector]


_KINDS = {
    "keyword": _Kind(keyword.validate, keyword.KeywordDetector),
    "regex": _Kind(regex.validate, regex.RegexDetector),
    "pii": _Kind(pii.validate, pii.PiiDetector),
}


def compile_detector(kind: str, configuration: Configuration) -> Detector:
    """Return the detector of a configuration; the caller keeps it, for it takes its time.

    A pattern costs about a millisecond, a list of thousands of terms most of a second.

    Raises:
        ConfigurationError: the configuration cannot be used.
    """
    known = _kind(kind)
    return known.build(known.validate(configuration))


def validate_configuration(kind: str, configuration: Configuration) -> dict[str, object]:
    """Return the configuration with its defaults, ready to be stored as JSON.

    Raises:
        ConfigurationError: the configuration cannot be used.
    """
    known = _kind(kind)
    normalised = known.validate(configuration)
    known.build(normalised)
    return normalised


def _kind(kind: str) -> _Kind:
    try:
        return _KINDS[kind]
    except KeyError:
        advice = f"Choose one of these kinds: {', '.join(_KINDS)}."
        raise ConfigurationError("kind", advice) from None
