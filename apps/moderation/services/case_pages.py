"""Everything that the page of a case shows, gathered in a bounded number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count, F, Q
from django.utils import timezone

from apps.conversations.constants import Author
from apps.conversations.models import Conversation, Message
from apps.core.errors import AppError
from apps.moderation.constants import CaseState, EnforcementKind, FlagOutcome
from apps.moderation.models import Case, CaseSnapshot, Decision, Flag, Policy
from apps.moderation.services import (
    appeal_panels,
    case_subjects,
    case_texts,
    cases,
    decisions,
    preferences,
    queue,
    similar_cases,
    timelines,
)
from apps.users.models import User

OF_A_MESSAGE = (EnforcementKind.HIDE_MESSAGE, EnforcementKind.REDACT_SPAN)
OF_AN_ANSWER = (
    EnforcementKind.RETRACT_ANSWER,
    EnforcementKind.HIDE_MESSAGE,
    EnforcementKind.REDACT_SPAN,
)
OF_A_PERSON = (EnforcementKind.WARN, EnforcementKind.RESTRICT, EnforcementKind.SUSPEND)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagLine:
    """A flag with how often its reporter was right."""

    flag: Flag
    number: int
    reporter: str
    agreed: int = 0
    decided: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """The page of one case, for one viewer."""

    case: Case
    holder: str
    is_mine: bool
    can_decide: bool
    why_not: str
    pieces: Sequence[case_texts.Piece]
    characters: int
    is_collapsed: bool
    summary: str
    now: str
    exchange: case_texts.Exchange
    snapshot: CaseSnapshot | None
    subject: case_subjects.SubjectCard
    flags: Sequence[FlagLine]
    policies: Sequence[Policy]
    measures: Sequence[tuple[str, str]]
    similar: Sequence[similar_cases.Similar]
    timeline: Sequence[timelines.Entry]
    latest: Decision | None
    effects: Sequence[str] = field(default_factory=tuple)

    @property
    def is_answer(self) -> bool:
        """Whether the case is about what a model said."""
        return self.case.target_role == Author.ASSISTANT

    @property
    def can_undo(self) -> bool:
        """Whether the last decision can be taken back."""
        return self.latest is not None and not self.latest.is_undo

    @property
    def seconds_left(self) -> int:
        """How long the claim holds."""
        expires_at = self.case.claim_expires_at
        left = (expires_at - timezone.now()).total_seconds() if expires_at is not None else 0
        return max(round(left), 0)

    @property
    def share(self) -> int:
        """How much of its time the case has used, in percent."""
        return queue.share_of_sla(self.case)

    @property
    def age_tone(self) -> str:
        """The word for it."""
        return queue.age_tone(self.share)


def show(*, viewer: User, case_id: int) -> CasePage:
    """Gather the page of a case.

    Raises:
        ForbiddenError: the viewer may not see cases.
        CaseNotFoundError: there is no such case.
    """
    case = cases.access_case(viewer=viewer, case_id=case_id)
    snapshot = case.snapshots.order_by("-id").first()
    flags = list(
        case.flags.select_related("hit__rule", "hit__version").order_by(
            F("hit__score").desc(nulls_last=True), "id"
        )[:50]
    )
    names = _names(case, flags)
    text = snapshot.text if snapshot is not None else ""
    latest = decisions.latest_decision(case)
    why_not = why_not_decided(viewer, case, names)
    return CasePage(
        case=case,
        holder=names.get(case.claimed_by_id or 0, ""),
        is_mine=case.has_live_claim and case.claimed_by_id == viewer.pk,
        can_decide=not why_not,
        why_not=why_not,
        pieces=case_texts.cut(text, flags),
        characters=len(text),
        is_collapsed=case.severity >= preferences.collapse_from(viewer),
        summary=case_texts.safe_summary(case, len(text)),
        now=_now(case, text),
        exchange=case_texts.exchange_of(case, snapshot),
        snapshot=snapshot,
        subject=case_subjects.card_of(case),
        flags=_flag_lines(flags, names),
        policies=_policies(),
        measures=_measures(case),
        similar=similar_cases.similar_to(case, flags),
        timeline=timelines.timeline_of(
            case, flags, names, hides_reasons=appeal_panels.hides_reasons(viewer=viewer, case=case)
        ),
        latest=latest,
        effects=timelines.effects_of(latest) if latest is not None else (),
    )


def why_not_decided(viewer: User, case: Case, names: dict[int, str]) -> str:
    """Return why this person cannot decide the case at the moment; empty where they can."""
    try:
        cases.require(viewer, cases.DECIDE)
        if not case.is_closed:
            cases.ensure_no_part(viewer, case)
    except AppError as error:
        return error.message
    if case.is_closed:
        return "This case is decided. Take the decision back to decide otherwise."
    if case.state == CaseState.ESCALATED and not viewer.has_perm(cases.OVERRIDE):
        return "This case was handed on. A lead decides it."
    if case.has_appeal and not viewer.has_perm(cases.APPEALS):
        return "An appeal waits on this case. A lead decides it."
    if case.has_live_claim and case.claimed_by_id != viewer.pk:
        holder = names.get(case.claimed_by_id or 0, "Somebody else")
        return f"{holder} has held it since {case.claimed_at:%H:%M} UTC."
    return ""


def standing_of(*, viewer: User, case_id: int) -> dict[str, object]:
    """Return who holds a case at the moment, for a page that asks again and again.

    Raises:
        ForbiddenError, CaseNotFoundError: as `show`.
    """
    case = cases.access_case(viewer=viewer, case_id=case_id)
    names = queue.names_of([case])
    return standing_as_data(viewer, case, names)


def standing_as_data(viewer: User, case: Case, names: dict[int, str]) -> dict[str, object]:
    """Return state, version and claim of a case as plain values."""
    is_held = case.has_live_claim
    left = (case.claim_expires_at - timezone.now()).total_seconds() if is_held else 0  # type: ignore[operator]
    return {
        "id": case.pk,
        "state": case.state,
        "version": case.version,
        "is_mine": is_held and case.claimed_by_id == viewer.pk,
        "holder": names.get(case.claimed_by_id or 0, "") if is_held else "",
        "since": f"{case.claimed_at:%H:%M}" if is_held and case.claimed_at else "",
        "seconds_left": max(round(left), 0),
        "why_not": why_not_decided(viewer, case, names),
    }


def _names(case: Case, flags: Sequence[Flag]) -> dict[int, str]:
    numbers = {case.claimed_by_id, *(flag.reporter_id for flag in flags)} - {None}
    return dict(User.objects.filter(pk__in=numbers).values_list("pk", "name"))


def _flag_lines(flags: Sequence[Flag], names: dict[int, str]) -> list[FlagLine]:
    reporters = {flag.reporter_id for flag in flags if flag.reporter_id is not None}
    answered = (FlagOutcome.AGREED, FlagOutcome.DISAGREED)
    rows = (
        Flag.objects.filter(reporter__in=reporters, outcome__in=answered)
        .values_list("reporter_id")
        .annotate(agreed=Count("pk", filter=Q(outcome=FlagOutcome.AGREED)), decided=Count("pk"))
        if reporters
        else ()
    )
    record = {reporter: (agreed, decided) for reporter, agreed, decided in rows}
    return [
        FlagLine(
            flag=flag,
            number=number,
            reporter=names.get(flag.reporter_id or 0, ""),
            agreed=record.get(flag.reporter_id, (0, 0))[0],
            decided=record.get(flag.reporter_id, (0, 0))[1],
        )
        for number, flag in enumerate(flags, start=1)
    ]


def _policies() -> list[Policy]:
    rows = Policy.objects.filter(is_active=True, current__isnull=False).select_related("current")
    return sorted(rows, key=lambda policy: (policy.shortcut or 99, policy.code))


def _measures(case: Case) -> list[tuple[str, str]]:
    kinds = OF_AN_ANSWER if case.target_role == Author.ASSISTANT else OF_A_MESSAGE
    offered = (*kinds, EnforcementKind.LOCK_CONVERSATION, *OF_A_PERSON)
    return [(kind.value, kind.label) for kind in offered]


def _now(case: Case, text: str) -> str:
    """Say how what people see at present differs from the text as it was judged."""
    message = Message.objects.filter(pk=case.message_id).only("content", "hidden_at").first()
    if message is None:
        return "The message was deleted since."
    if message.is_hidden:
        return "Hidden at present."
    if message.content != text:
        return "Its readers see another text at present: it was redacted, withheld or went on."
    is_locked = Conversation.objects.filter(
        pk=case.conversation_id, locked_at__isnull=False
    ).exists()
    return "The conversation is locked at present." if is_locked else ""
