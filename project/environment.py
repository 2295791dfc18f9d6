"""Variables of the environment, read so that every unusable value is named in one sentence."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured

from apps.core.rate_limits import parse_rate

TRUTHS = {"true", "yes", "on", "y", "t", "ok", "1"}
FALSEHOODS = {"false", "no", "off", "n", "f", "0"}
WANTED: dict[object, str] = {
    int: "a whole number, 0 or more",
    float: "a number, 0 or more",
    bool: "true or false",
}


class Environment(environ.Env):  # type: ignore[misc]  # the library has no types
    """Reads variables; a blank one is as one that is not set, wherever it is no text.

    Attributes:
        problems: a sentence for each variable whose value cannot be read; it has its default.
    """

    def __init__(self) -> None:
        super().__init__()
        self.problems: list[str] = []

    def get_value(
        self,
        var: str,
        cast: Any = None,  # noqa: ANN401  the library's own signature
        default: Any = environ.Env.NOTSET,  # noqa: ANN401
        parse_default: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:  # noqa: ANN401
        """Return a value in its type, or the default where it has none or an unusable one."""
        given = str(self.ENVIRON.get(var, "")).strip()
        if cast not in WANTED:
            return super().get_value(var, cast, default, parse_default)
        if not given:
            return default
        try:
            return _read(given, cast)
        except ValueError:
            self.problems.append(f"{var} is {given!r}: give {WANTED[cast]}")
            return default

    def count(self, var: str, *, default: int) -> int:
        """Return a whole number of which there must be one at least."""
        return int(self._above_zero(var, self.int(var, default=default), default))

    def seconds(self, var: str, *, default: float) -> float:
        """Return a length of time in which something can happen."""
        return float(self._above_zero(var, self.float(var, default=default), default))

    def share(self, var: str, *, default: float) -> float:
        """Return a part of a whole, from 0 to 1."""
        return self.within(var, default=default, highest=1.0)

    def within(self, var: str, *, default: float, highest: float) -> float:
        """Return a number from 0 up to another."""
        value = float(self.float(var, default=default))
        if value <= highest:
            return value
        self.problems.append(f"{var} is {value:g}: give a number from 0 to {highest:g}")
        return default

    def rate(self, var: str, *, default: str) -> str:
        """Return a limit such as `600/minute`."""
        given = self.str(var, default=default).strip() or default
        try:
            parse_rate(given)
        except ValueError:
            self.problems.append(f"{var} is {given!r}: give a limit such as {default}")
            return default
        return given

    def choice(self, var: str, wanted: Sequence[str], *, default: str) -> str:
        """Return one of some words."""
        given = self.str(var, default=default).strip() or default
        if given not in wanted:
            self.problems.append(f"{var} is {given!r}: give one of {', '.join(wanted)}")
            return default
        return given

    def mail(self, url: str, *, is_deployed: bool) -> dict[str, Any]:
        """Return the settings of mail for an address such as `smtp://mail.example:25`.

        Without one, development writes mails to the terminal. Mails carry links that open accounts,
        and what a deployed process writes is kept in logs: there they are dropped.
        """
        if is_deployed and url.startswith("consolemail:"):
            self.problems.append("EMAIL_URL must name a mail server, not the terminal")
        try:
            without = "dummymail://" if is_deployed else "consolemail://"
            settings: dict[str, Any] = self.email_url_config(url or without)
        except (ImproperlyConfigured, ValueError, KeyError):
            self.problems.append("EMAIL_URL must be an address such as smtp://mail.example:25")
            settings = self.email_url_config("consolemail://")
        return settings

    def _above_zero(self, var: str, value: float, default: float) -> float:
        if value > 0:
            return value
        self.problems.append(f"{var} must be more than 0")
        return default

    def has(self, var: str) -> bool:
        """Tell whether a variable is set to something."""
        return bool(str(self.ENVIRON.get(var, "")).strip())


def is_time_zone(name: str) -> bool:
    """Tell whether a time zone has this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True


def has_scheme(*schemes: str) -> Callable[[str], bool]:
    """Return a test of whether an address is of one of some kinds and names a place."""

    def test(address: str) -> bool:
        try:
            parts = urlsplit(address)
        except ValueError:
            return False
        return parts.scheme in schemes and bool(parts.netloc or parts.path or parts.query)

    return test


def is_found(name: str) -> bool:
    """Tell whether there is something by a dotted name, without importing its module."""
    module, _, what = name.rpartition(".")
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return False
    if spec is None or spec.origin is None:
        return False
    source = Path(spec.origin)
    if source.suffix != ".py":
        return True
    return re.search(rf"\b{re.escape(what)}\b", source.read_text(encoding="utf-8")) is not None


def refuse(environment: str, problems: Sequence[str]) -> None:
    """End the start where there are problems, naming all of them.

    Raises:
        ImproperlyConfigured: there are some.
    """
    if problems:
        listed = "\n- ".join(problems)
        message = f"Parley cannot start in {environment}:\n- {listed}\nSee docs/configuration.md."
        raise ImproperlyConfigured(message)


def _read(given: str, kind: type) -> Any:  # noqa: ANN401
    if kind is bool:
        if given.lower() in TRUTHS | FALSEHOODS:
            return given.lower() in TRUTHS
        raise ValueError
    value = kind(given)
    if not math.isfinite(value) or value < 0:
        raise ValueError
    return value
