"""Which models a token may ask: names, or patterns such as `gpt-*`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from django.utils.translation import gettext

from apps.core.problems import field_problem
from apps.users.constants import MAX_ALLOWED_MODELS, MAX_MODEL_CHARS, MODEL_PATTERN
from apps.users.errors import MissingScopeError, ModelNotAllowedError

_PATTERN = re.compile(MODEL_PATTERN)


def allows(patterns: Sequence[str], model: str) -> bool:
    """Tell whether a model may be asked; without any pattern all may."""
    return not patterns or any(fnmatchcase(model, pattern) for pattern in patterns)


def ensure_allowed(patterns: Sequence[str], model: str) -> None:
    """Check that a model may be asked.

    Raises:
        ModelNotAllowedError: it may not.
    """
    if not allows(patterns, model):
        raise ModelNotAllowedError


def clean_patterns(wanted: Iterable[str]) -> list[str]:
    """Return patterns as they are stored: each once, without blanks around them.

    Raises:
        ValidationFailedError: there are too many, or one cannot be a model's name.
    """
    patterns = sorted({one.strip() for one in wanted} - {""})
    are_names = all(map(_PATTERN.fullmatch, patterns))
    is_short = all(len(one) <= MAX_MODEL_CHARS for one in patterns)
    if len(patterns) > MAX_ALLOWED_MODELS or not (are_names and is_short):
        message = gettext("Use at most %(most)d names of models; * stands for any letters.") % {
            "most": MAX_ALLOWED_MODELS
        }
        raise field_problem("allowed_models", message, "token_models")
    return patterns


def ensure_no_more_than(parent: Sequence[str], wanted: Sequence[str]) -> None:
    """Check that a token made by another may ask nothing that its parent may not.

    Raises:
        MissingScopeError: it might.
    """
    if not parent:
        return
    is_within = [one in parent or ("*" not in one and allows(parent, one)) for one in wanted]
    if not wanted or not all(is_within):
        message = "This token may not ask those models, so it makes no token that may."
        raise MissingScopeError(message)
