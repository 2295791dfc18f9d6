"""Everything that the page of a case shows, gathered in a bounded number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from apps.conversations.constants import Author
from apps.core.errors import ForbiddenError
from apps.moderation.constants import PENDING_APPEALS, EnforcementKind, Verdict
from apps.moderation.errors import OwnCaseError
from apps.moderation.models import Case, CaseSnapshot, Decision, Flag, Policy
from apps.moderation.services.appeals import appeal_panels, blind_reviews
from apps.moderation.services.cases import case_flags, cases
from apps.moderation.services.desk import (
    case_subjects,
    case_texts,
    folding,
    preferences,
    queue,
    similar_cases,
    timelines,
)
from apps.users.models import User

SHOWN_OF_PEOPLE = ("name", "kind", "created_at", "standing", "standing_until")
OF_A_MESSAGE = (EnforcementKind.HIDE_MESSAGE, EnforcementKind.REDACT_SPAN)
OF_AN_ANSWER = (
    EnforcementKind.RETRACT_ANSWER,
    EnforcementKind.HIDE_MESSAGE,
    EnforcementKind.REDACT_SPAN,
)
OF_A_PERSON = (EnforcementKind.WARN, EnforcementKind.RESTRICT, EnforcementKind.SUSPEND)


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePage:
    """The page of one case, for one viewer.

    `under_lift` is what they may take back beside a lift that stands in its place; None for none.
    """

    case: Case
    holder: str
    is_mine: bool
    can_decide: bool
    can_undo: bool
    under_lift: Decision | None
    why_not: str
    pieces: Sequence[case_texts.Piece]
    breaks: Sequence[int]
    characters: int
    is_collapsed: bool
    summary: str
    now: str
    exchange: case_texts.Exchange
    snapshot: CaseSnapshot | None
    subject: case_subjects.SubjectCard
    flags: Sequence[case_flags.FlagLine]
    policies: Sequence[Policy]
    measures: Sequence[tuple[str, str]]
    similar: Sequence[similar_cases.Similar]
    timeline: Sequence[timelines.Entry]
    latest: Decision | None
    hides_reasons: bool
    appeal: appeal_panels.AppealPanel | None
    severe_in_a_row: int
    effects: Sequence[str]

    @property
    def is_answer(self) -> bool:
        """Whether the case is about what a model said."""
        return self.case.target_role == Author.ASSISTANT

    @property
    def can_undo_unsure(self) -> bool:
        """Whether the case waits because it was handed on, and its viewer may take that back."""
        is_free = self.is_mine or not self.holder
        is_unsure = self.latest is not None and self.latest.verdict == Verdict.UNSURE
        return self.can_undo and is_unsure and is_free and not self.case.is_closed

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
    flags = case_flags.flags_of(case)
    history = timelines.history_of(case)
    people = _people(case, flags, history)
    names = {number: person.name for number, person in people.items()}
    care = preferences.care_of(viewer)
    text = snapshot.text if snapshot is not None else ""
    now, exchange = case_texts.surroundings_of(case, snapshot)
    parts = {"has_part": case.has_part, "is_handed_on": history.is_handed_on}
    why_not = why_not_decided(viewer, case, names, **parts)
    here = history.appeals_on(case)
    appeal = appeal_panels.panel_of(viewer=viewer, appeals=here, has_part=case.has_part)
    hides_reasons = blind_reviews.hides_any(viewer=viewer, appeals=history.appeals)
    told = timelines.timeline_of(history, flags, names, hides_reasons=hides_reasons)
    return CasePage(
        case=case,
        holder=names.get(case.claimed_by_id or 0, "") if case.has_live_claim else "",
        is_mine=case.has_live_claim and case.claimed_by_id == viewer.pk,
        can_decide=not why_not,
        can_undo=_can_undo(viewer, case, history, history.latest),
        under_lift=_under_lift(viewer, case, history),
        why_not=why_not,
        pieces=case_texts.cut(text, flags),
        breaks=case_texts.wide_breaks(text),
        characters=len(text),
        is_collapsed=case.severity >= care.collapse_from,
        summary=case_texts.safe_summary(case, len(text)),
        now=now,
        exchange=exchange,
        snapshot=snapshot,
        subject=case_subjects.card_of(case, people.get(case.subject_id)),
        flags=case_flags.lines_of(flags, names),
        policies=_policies(),
        measures=_measures(case),
        similar=similar_cases.similar_to(case, flags, viewer=viewer),
        timeline=folding.folded(told),
        latest=history.latest,
        hides_reasons=hides_reasons,
        appeal=appeal,
        severe_in_a_row=care.severe_in_a_row,
        effects=_effects(case, history),
    )


def _people(case: Case, flags: Sequence[Flag], history: timelines.History) -> dict[int, User]:
    numbers = {case.subject_id, case.claimed_by_id, *(flag.reporter_id for flag in flags)}
    wanted = (numbers | history.holders) - {None}
    people: dict[int, User] = User.objects.only(*SHOWN_OF_PEOPLE).in_bulk(wanted)
    return people


def _effects(case: Case, history: timelines.History) -> Sequence[str]:
    """Return what was done, where the case is closed or shows nothing else to judge."""
    if case.is_about_person and not case.is_closed:
        return timelines.effects_on(case)
    if not case.is_closed or history.latest is None:
        return ()
    return timelines.effects_of(history.latest)


def _can_undo(
    viewer: User, case: Case, history: timelines.History, decision: Decision | None
) -> bool:
    """Tell whether this person may take a decision back; the service has the last word."""
    if decision is None or decision.is_undo or case.has_part or not viewer.has_perm(cases.DECIDE):
        return False
    is_waiting = any(one.state in PENDING_APPEALS for one in history.appeals)
    return not is_waiting and (decision.actor_id == viewer.pk or viewer.has_perm(cases.OVERRIDE))


def _under_lift(viewer: User, case: Case, history: timelines.History) -> Decision | None:
    """Return the decision whose rest still stands under a lift, if this person may take it back."""
    if history.latest is None or not history.latest.is_lift:
        return None
    known = {one.pk: one for one in history.decisions}
    under: Decision | None = history.latest
    while under is not None and under.is_lift:
        under = known.get(under.supersedes_id or 0)
    return under if _can_undo(viewer, case, history, under) else None


def why_not_decided(
    viewer: User, case: Case, names: Mapping[int, str], *, has_part: bool, is_handed_on: bool
) -> str:
    """Return why this person cannot decide the case at the moment; empty where they can.

    Args:
        viewer: who asks.
        case: which.
        names: of whoever holds it.
        has_part: whether they have a part in it.
        is_handed_on: whether it is for leads.
    """
    try:
        cases.require(viewer, cases.DECIDE)
    except ForbiddenError as error:
        return error.message
    if case.is_closed:
        return "This case is decided. Take the decision back to decide otherwise."
    if has_part:
        return OwnCaseError.default_message
    if case.has_live_claim and case.claimed_by_id != viewer.pk:
        holder = names.get(case.claimed_by_id or 0, "Somebody else")
        return f"{holder} has held it since {case.claimed_at:%H:%M} UTC."
    return _why_a_lead(viewer, case, is_handed_on=is_handed_on)


def _why_a_lead(viewer: User, case: Case, *, is_handed_on: bool) -> str:
    if is_handed_on and not viewer.has_perm(cases.OVERRIDE):
        return "This case was handed on. A lead decides it."
    if case.has_appeal and not viewer.has_perm(cases.APPEALS):
        return "An appeal waits on this case. A lead decides it."
    return ""


def standing_of(*, viewer: User, case_id: int) -> dict[str, object]:
    """Return who holds a case at the moment, for a page that asks again and again.

    Raises:
        ForbiddenError, CaseNotFoundError: as `show`.
    """
    case = cases.access_case(viewer=viewer, case_id=case_id)
    return standing_as_data(viewer, case, has_part=case.has_part)


def standing_as_data(viewer: User, case: Case, *, has_part: bool) -> dict[str, object]:
    """Return state, version and claim of a case as plain values."""
    names = queue.names_of([case]) if case.claimed_by_id is not None else {}
    is_held = case.has_live_claim
    is_handed_on = not is_held and cases.is_handed_on(case)
    left = (case.claim_expires_at - timezone.now()).total_seconds() if is_held else 0  # type: ignore[operator]
    return {
        "id": case.pk,
        "state": case.state,
        "version": case.version,
        "is_mine": is_held and case.claimed_by_id == viewer.pk,
        "holder": names.get(case.claimed_by_id or 0, "") if is_held else "",
        "since": f"{case.claimed_at:%H:%M}" if is_held and case.claimed_at else "",
        "seconds_left": max(round(left), 0),
        "why_not": why_not_decided(
            viewer, case, names, has_part=has_part, is_handed_on=is_handed_on
        ),
    }


def _policies() -> list[Policy]:
    rows = Policy.objects.in_use().select_related("current")
    return sorted(rows, key=lambda policy: (policy.shortcut or 99, policy.code))


def _measures(case: Case) -> list[tuple[str, str]]:
    offered: tuple[EnforcementKind, ...] = OF_A_PERSON
    if not case.is_about_person:
        kinds = OF_AN_ANSWER if case.target_role == Author.ASSISTANT else OF_A_MESSAGE
        offered = (*kinds, EnforcementKind.LOCK_CONVERSATION, *OF_A_PERSON)
    return [(kind.value, kind.label) for kind in offered]
