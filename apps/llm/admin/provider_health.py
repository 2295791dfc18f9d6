"""How providers fare, as their pages show it: by what each process told last."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.admin_kit.details import Table
from apps.core.admin_kit.display import EMPTY, Tone, badge, moment
from apps.llm.gateway.breaker import BreakerState
from apps.llm.services import health
from apps.llm.services.health import Health

LOOKS = {
    BreakerState.CLOSED: ("Answering", Tone.GOOD, "check"),
    BreakerState.HALF_OPEN: ("Tried again", Tone.WARNING, "hourglass"),
    BreakerState.OPEN: ("Left alone", Tone.DANGER, "block"),
}
"""From the best to the worst."""


def worst_badge(told: Sequence[Health]) -> SafeString | str:
    """Show the worst that a process tells of a provider."""
    states = {_state(one) for one in told}
    worst = next((state for state in reversed(LOOKS) if state in states), None)
    return EMPTY if worst is None else badge(*LOOKS[worst])


def health_table(told: Sequence[Health]) -> Table:
    """Return how each process fares with a provider."""
    return Table(
        "How it fares, by process",
        (
            *("Process", "State", "Asked again", "Last answer", "Last problem"),
            *("Calls", "Waiting", "Told"),
        ),
        [
            (
                one.process,
                badge(*LOOKS[_state(one)]),
                asked_again(one),
                moment(health.moment_of(one.last_success)),
                _last_problem(one),
                f"{one.running:,}",
                f"{one.waiting:,}",
                moment(health.moment_of(one.told)),
            )
            for one in told
        ],
        empty="No process that runs now has asked it, or Redis is away.",
    )


def asked_again(told: Health) -> str:
    """Show in how many seconds a process that leaves the provider alone asks it again."""
    left = told.open_until - time.time()
    if left > 0:
        return f"in {math.ceil(left)} s"
    return EMPTY if told.state == BreakerState.CLOSED else "by the next call"


def _state(told: Health) -> BreakerState:
    """Return what a call would meet now: nobody tells that the time of an open breaker is over."""
    state = BreakerState(told.state)
    is_over = state == BreakerState.OPEN and told.open_until <= time.time()
    return BreakerState.HALF_OPEN if is_over else state


def _last_problem(told: Health) -> SafeString | str:
    if not told.last_error_code:
        return EMPTY
    return format_html("{} {}", told.last_error_code, moment(health.moment_of(told.last_error)))
