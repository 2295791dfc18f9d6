"""The port through which policy is asked; settings name the adapters in GUARDRAILS."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, Protocol

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_noop

from apps.conversations.endings import Ended
from apps.core.logging import log_event

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What policy says of a text.

    Attributes:
        outcome: allow; flag (goes on, staff look); block (goes no further).
        code: stable word for the reason; empty where allowed.
        reason_for_user: the sentence that the person reads when it is blocked.
        findings: what led to it, and what else was found; only the guardrail itself reads them.
    """

    outcome: Literal["allow", "flag", "block"]
    code: str = ""
    reason_for_user: str = ""
    findings: tuple[object, ...] = ()

    @property
    def is_block(self) -> bool:
        """Whether the text goes no further."""
        return self.outcome == "block"


ALLOW = Verdict(outcome="allow")
BLOCK_ON_FAILURE = Verdict(
    outcome="block",
    code="policy_unavailable",
    reason_for_user=gettext_noop(
        "The policy check is not available at the moment. Try again in a minute."
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text on its way, with whose it is and where it goes.

    Attributes:
        user_id: whose it is.
        conversation_id: where it goes; None for a new conversation.
        text: all of it that the model reads.
        message_id: the message that says it, where it is stored already and is sent once more.
        is_message: whether it is part of a chat; a title is judged like it, but never counted.
    """

    user_id: int
    conversation_id: int | None
    text: str
    message_id: int | None = None
    is_message: bool = True


@dataclass(frozen=True, slots=True)
class Released:
    """What of a stream may be shown now, and the verdict that ends it, if there is one."""

    text: str
    verdict: Verdict = ALLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A text that was judged, for the transaction that stores it.

    Attributes:
        message_id: the row that it belongs to.
        conversation_id: where.
        user_id: whose conversation it is.
        is_answer: whether the model wrote it, and not the person.
        text: all of it, also where none of it is stored.
        shown_chars: how many code points viewers had seen.
        is_withheld: whether the verdict keeps it back.
        is_checked: whether every check was made; an answer that ended early has not seen the last.
        reason_for_user: the sentence that the person reads where it is withheld.
        ended: how a withheld answer had ended; None where the verdict cut it off.
        is_lost: whether its worker is gone, and with it whatever was found while it was written.
        is_filtered: whether the model's provider cut it by a filter of its own.
    """

    message_id: int
    conversation_id: int
    user_id: int
    is_answer: bool
    text: str
    shown_chars: int
    is_withheld: bool
    is_checked: bool
    reason_for_user: str = ""
    ended: Ended | None = None
    is_lost: bool = False
    is_filtered: bool = False


class StreamGuard(Protocol):
    """Stands between the model's text and its viewers, for one answer."""

    @property
    def findings(self) -> Sequence[object]:
        """What it has found so far, for its guardrail's `record`."""
        ...

    def watch(self, on_block: Callable[[Verdict], None]) -> None:
        """Take whom to tell when it blocks between two pieces, by a check that nobody waits for."""
        ...

    async def feed(self, text: str, *, shown_chars: int) -> Released:
        """Take text as it arrives; return what may be shown, which may hold some of it back.

        Args:
            text: the next piece.
            shown_chars: how many code points viewers have seen by now.
        """
        ...

    async def finish(self, *, shown_chars: int) -> Released:
        """Return the rest at the end of the answer."""
        ...

    async def aclose(self) -> None:
        """Let go of whatever is still being asked."""
        ...


class Guardrail(Protocol):
    """A policy adapter. One that raises blocks, and the failure is logged."""

    async def check_input(self, draft: Draft) -> Verdict:
        """Judge what a person is about to send."""
        ...

    async def open_stream(self, draft: Draft) -> StreamGuard | None:
        """Return a guard for the answer to this message, or None where none is needed."""
        ...

    async def check_output(self, draft: Draft, answer: str) -> Verdict:
        """Judge the whole exchange after the answer is there."""
        ...

    def withholds_answers(self) -> bool:
        """Tell whether it could have kept an answer back lately; asked where nobody knows it."""
        ...

    def record(self, judged: Judged, findings: Sequence[object]) -> None:
        """Store what was found and what follows from it, inside the transaction of the text."""
        ...


@dataclass(frozen=True, slots=True)
class Ruling:
    """What all guardrails say of a text: the verdict that holds, and what each of them found."""

    verdict: Verdict = ALLOW
    findings: tuple[tuple[Guardrail, tuple[object, ...]], ...] = ()


NOTHING_FOUND = Ruling()


@cache
def _load(names: tuple[str, ...]) -> tuple[Guardrail, ...]:
    return tuple(import_string(name)() for name in names)


def configured_guardrails() -> tuple[Guardrail, ...]:
    """Return the guardrails that the settings name, made once per process."""
    return _load(tuple(settings.GUARDRAILS))


async def check_input(draft: Draft) -> Ruling:
    """Ask every guardrail about a person's message; the first block wins, a failure blocks."""
    return await _ask("input", lambda guardrail: guardrail.check_input(draft))


async def check_output(draft: Draft, answer: str) -> Ruling:
    """Ask every guardrail about the finished exchange; the first block wins, a failure blocks."""
    return await _ask("output", lambda guardrail: guardrail.check_output(draft, answer))


def withhold_answers() -> bool:
    """Tell whether any guardrail could have kept an answer back; one that cannot say counts."""
    return any(_withholds(guardrail) for guardrail in configured_guardrails())


def record(ruling: Ruling, judged: Judged) -> None:
    """Have every guardrail store what it found; whatever one of them raises undoes the text too."""
    found = dict(ruling.findings)
    judged = replace(judged, reason_for_user=ruling.verdict.reason_for_user)
    for guardrail in configured_guardrails():
        guardrail.record(judged, found.get(guardrail, ()))


def _withholds(guardrail: Guardrail) -> bool:
    try:
        return guardrail.withholds_answers()
    except Exception as error:  # noqa: BLE001  whatever an adapter raises, nothing unchecked passes
        return failed("withheld", error).is_block


async def _ask(stage: str, ask: Callable[[Guardrail], Awaitable[Verdict]]) -> Ruling:
    strongest = ALLOW
    findings = []
    for guardrail in configured_guardrails():
        try:
            verdict = await ask(guardrail)
        except Exception as error:  # noqa: BLE001  whatever an adapter raises, nothing unchecked passes
            verdict = failed(stage, error)
        findings.append((guardrail, verdict.findings))
        if verdict.outcome != "allow":
            strongest = verdict
        if verdict.is_block:
            break
    return Ruling(strongest, tuple(findings))


def failed(stage: str, error: Exception) -> Verdict:
    """Return the verdict where a guardrail raised, and log it: nothing unchecked passes."""
    name = type(error).__name__
    log_event(logger, "GUARDRAIL_FAILED", level=logging.ERROR, stage=stage, error=name)
    return BLOCK_ON_FAILURE
