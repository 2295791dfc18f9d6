"""The port through which policy is asked; settings name the adapters in GUARDRAILS."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cache
from typing import Literal, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from apps.core.logging import log_event

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What policy says of a text.

    Attributes:
        outcome: allow; flag (goes on, staff look); block (goes no further).
        code: stable word for the reason; empty where allowed.
        reason_for_user: the sentence that the person reads when it is blocked.
    """

    outcome: Literal["allow", "flag", "block"]
    code: str = ""
    reason_for_user: str = ""

    @property
    def is_block(self) -> bool:
        """Whether the text goes no further."""
        return self.outcome == "block"


ALLOW = Verdict(outcome="allow")
BLOCK_ON_FAILURE = Verdict(
    outcome="block",
    code="policy_unavailable",
    reason_for_user="The policy check is not available at the moment. Try again in a minute.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text on its way, with whose it is and where it goes."""

    user_id: int
    conversation_id: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Released:
    """What of a stream may be shown now, and the verdict that ends it, if there is one."""

    text: str
    verdict: Verdict = ALLOW


class StreamGuard(Protocol):
    """Stands between the model's text and its viewers, for one answer."""

    async def feed(self, text: str) -> Released:
        """Take text as it arrives; return what may be shown, which may hold some of it back."""
        ...

    async def finish(self) -> Released:
        """Return the rest at the end of the answer."""
        ...


class Guardrail(Protocol):
    """A policy adapter. One that raises blocks, and the failure is logged."""

    async def check_input(self, draft: Draft) -> Verdict:
        """Judge what a person is about to send."""
        ...

    def open_stream(self, draft: Draft) -> StreamGuard | None:
        """Return a guard for the answer to this message, or None where none is needed."""
        ...

    async def check_output(self, draft: Draft, answer: str) -> Verdict:
        """Judge the whole exchange after the answer is there."""
        ...


@cache
def _load(names: tuple[str, ...]) -> tuple[Guardrail, ...]:
    return tuple(import_string(name)() for name in names)


def configured_guardrails() -> tuple[Guardrail, ...]:
    """Return the guardrails that the settings name, made once per process."""
    return _load(tuple(settings.GUARDRAILS))


async def check_input(draft: Draft) -> Verdict:
    """Ask every guardrail about a person's message; the first block wins, a failure blocks."""
    strongest = ALLOW
    for guardrail in configured_guardrails():
        try:
            verdict = await guardrail.check_input(draft)
        except Exception as error:  # noqa: BLE001  whatever an adapter raises, nothing unchecked passes
            verdict = _failed("input", error)
        if verdict.is_block:
            return verdict
        if verdict.outcome == "flag":
            strongest = verdict
    return strongest


async def check_output(draft: Draft, answer: str) -> Verdict:
    """Ask every guardrail about the finished exchange; the first block wins, a failure blocks."""
    strongest = ALLOW
    for guardrail in configured_guardrails():
        try:
            verdict = await guardrail.check_output(draft, answer)
        except Exception as error:  # noqa: BLE001  whatever an adapter raises, nothing unchecked passes
            verdict = _failed("output", error)
        if verdict.is_block:
            return verdict
        if verdict.outcome == "flag":
            strongest = verdict
    return strongest


class GuardedStream:
    """The configured stream guards in a row, as one."""

    def __init__(self, draft: Draft) -> None:
        opened = (guardrail.open_stream(draft) for guardrail in configured_guardrails())
        self._guards = [guard for guard in opened if guard is not None]

    async def feed(self, text: str) -> Released:
        """Pass text through every guard; a guard that raises ends the answer."""
        for guard in self._guards:
            try:
                released = await guard.feed(text)
            except Exception as error:  # noqa: BLE001  whatever an adapter raises, nothing unchecked passes
                return Released("", _failed("stream", error))
            if released.verdict.is_block:
                return released
            text = released.text
        return Released(text)

    async def finish(self) -> Released:
        """Let go of what the guards held back, each rest passing the guards after it."""
        rest = ""
        for guard in self._guards:
            try:
                fed = await guard.feed(rest) if rest else Released("")
                last = fed if fed.verdict.is_block else await guard.finish()
            except Exception as error:  # noqa: BLE001  whatever an adapter raises, nothing unchecked passes
                return Released("", _failed("stream", error))
            rest = fed.text + (last.text if last is not fed else "")
            if last.verdict.is_block:
                return Released(rest, last.verdict)
        return Released(rest)


def _failed(stage: str, error: Exception) -> Verdict:
    log_event(
        logger,
        "GUARDRAIL_FAILED",
        level=logging.ERROR,
        stage=stage,
        error=type(error).__name__,
    )
    return BLOCK_ON_FAILURE
