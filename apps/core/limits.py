"""Every limit that counted a request, told in the headers of its answer."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

Unit = Literal["requests", "tokens"]
Told = dict[str, "Limit"]
_told: ContextVar[Told | None] = ContextVar("limits_told", default=None)


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of something a caller may have, and how much of it is left.

    Attributes:
        name: what is limited, as in docs/protocol.md.
        unit: what is counted.
        most: the limit.
        window_seconds: the time that it is for.
        left: what may follow.
        reset_seconds: when all of it is free again.
    """

    name: str
    unit: Unit
    most: int
    window_seconds: int
    left: int
    reset_seconds: int


def collect() -> Told:
    """Begin to note the limits that count what is done from here on; returns where they stand."""
    told: Told = {}
    _told.set(told)
    return told


def tell(limit: Limit) -> None:
    """Note a limit that has counted; of two with one name, the narrower one."""
    told = _told.get()
    if told is not None and (limit.name not in told or limit.left < told[limit.name].left):
        told[limit.name] = limit


def headers(limits: Iterable[Limit]) -> dict[str, str]:
    """Return limits as the fields of the IETF's draft of RateLimit header fields."""
    known = list(limits)
    if not known:
        return {}
    policies = [
        f'"{one.name}";q={one.most};w={one.window_seconds}'
        + (f';qu="{one.unit}"' if one.unit != "requests" else "")
        for one in known
    ]
    stand = [f'"{one.name}";r={one.left};t={one.reset_seconds}' for one in known]
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(stand)}


def openai_headers(limits: Iterable[Limit]) -> dict[str, str]:
    """Return the narrowest limit of requests and of tokens as OpenAI's clients know them."""
    narrowest: dict[Unit, Limit] = {}
    for one in limits:
        if one.unit not in narrowest or one.left < narrowest[one.unit].left:
            narrowest[one.unit] = one
    return {
        f"x-ratelimit-{word}-{unit}": value
        for unit, one in narrowest.items()
        for word, value in (
            ("limit", str(one.most)),
            ("remaining", str(one.left)),
            ("reset", duration(one.reset_seconds)),
        )
    }


def duration(seconds: int) -> str:
    """Write a duration as `1h0m30s`, without the units that it does not reach."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
