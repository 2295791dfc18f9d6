"""How a port finds its adapter: a setting names it, and a process makes it once."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


def adapter(setting: str) -> Any:  # noqa: ANN401  the port that asks knows its protocol
    """Return the adapter that a setting names."""
    return _made(getattr(settings, setting))


@cache
def _made(name: str) -> Any:  # noqa: ANN401
    return import_string(name)()
