"""What happened to a case, who did it and when; and what is new since somebody looked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from django.utils import timezone

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.audit.models import AuditEvent
from apps.moderation.constants import ActorKind, AppealState, FlagSource, Verdict
from apps.moderation.models import Appeal, Case, Decision, Enforcement, Flag, Note, Notice
from apps.moderation.querysets import DecisionQuerySet, EnforcementQuerySet
from apps.users.models import User

HELD = {
    AuditAction.CASE_CLAIMED: "took the case",
    AuditAction.CASE_RELEASED: "gave it back",
    AuditAction.CASE_TAKEN_OVER: "took it over",
    AuditAction.CASE_REASSIGNED: "gave it",
    AuditAction.CASE_REOPENED: "opened it again",
    AuditAction.CASE_OPENED: "Case opened",
}
HOLDERS = (("from", "former_holder_id"), ("to", "holder_id"))
MAX_EVENTS = 200


class Held(Enum):
    """What somebody did with a claim."""

    TAKEN = auto()
    GIVEN_BACK = auto()


_HELD_BY = {
    AuditAction.CASE_CLAIMED: Held.TAKEN,
    AuditAction.CASE_RELEASED: Held.GIVEN_BACK,
}
VERDICTS = {
    Verdict.VIOLATES: "decided: violates",
    Verdict.NO_VIOLATION: "decided: no violation",
    Verdict.UNSURE: "handed it on",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened; `held` says what became of a claim, where that is all."""

    at: datetime
    icon: str
    actor: str
    what: str
    words: str = ""
    is_note: bool = False
    held: Held | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The rows of a case that tell what happened to it, each kind the newest first.

    Attributes:
        appeals: that wait on the case, or are against a decision of it and wait on a newer case.
        latest: the decision that nothing supersedes.
    """

    decisions: Sequence[Decision]
    notes: Sequence[Note]
    notices: Sequence[Notice]
    appeals: Sequence[Appeal]
    events: Sequence[AuditEvent]
    latest: Decision | None

    def appeals_on(self, case: Case) -> list[Appeal]:
        """Return those that are decided on this case's page."""
        return [one for one in self.appeals if one.case_id == case.pk]

    @property
    def is_handed_on(self) -> bool:
        """Whether a person could not decide it, so that a lead does."""
        last = self.latest
        is_unsure = last is not None and last.verdict == Verdict.UNSURE and not last.is_undo
        return is_unsure and last is not None and last.actor_kind == ActorKind.PERSON

    @property
    def holders(self) -> set[int]:
        """The numbers of those from whom the case was taken, and to whom it was given."""
        return _holders(self.events)


def history_of(case: Case) -> History:
    """Read what happened to a case, in four or five queries."""
    found = list(_decisions(case)[:MAX_EVENTS])
    superseded = {decision.supersedes_id for decision in found}
    told = Notice.objects.of_decisions(found).order_by("-id")[:MAX_EVENTS] if found else ()
    return History(
        decisions=found,
        notes=list(case.notes.order_by("-id")[:MAX_EVENTS]),
        notices=list(told),
        appeals=list(
            Appeal.objects.with_parts().concerning(case, found).order_by("-id")[:MAX_EVENTS],
        ),
        events=_events(case),
        latest=next((one for one in found if one.pk not in superseded), None),
    )


def timeline_of(
    history: History,
    flags: Sequence[Flag],
    names: Mapping[int, str],
    *,
    hides_reasons: bool = False,
) -> list[Entry]:
    """Return everything that happened to a case, newest first.

    Args:
        history: its rows.
        flags: its flags.
        names: of the people who reported, and of those who held it before.
        hides_reasons: leave out why it was decided, for somebody who reviews an appeal.
    """
    deciders = {decision.pk: _label(decision) for decision in history.decisions}
    entries = [
        *(_flagged(flag, names) for flag in flags),
        *(_held(event, names) for event in history.events),
        *(_decided(decision, hides_reasons=hides_reasons) for decision in history.decisions),
        *(_noted(note) for note in history.notes),
        *(
            Entry(
                at=notice.created_at,
                icon="mail",
                actor=deciders[notice.decision_id],
                what=f"sent a notice: {notice.title}",
            )
            for notice in history.notices
        ),
        *(entry for appeal in history.appeals for entry in _appealed(appeal)),
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def news_since(case: Case, since: datetime, viewer: User) -> list[str]:
    """Return what happened to a case after a moment, in words for whoever decided on an old state.

    Args:
        case: which.
        since: when the state was read.
        viewer: whose own deeds are left out.
    """
    flags = case.flags.after(since).order_by("id")
    notes = case.notes.after(since).not_written_by(viewer).order_by("id")
    decisions = _decisions(case).after(since).not_made_by(viewer)
    return [
        *(f"New flag: {_flag_words(flag)}" for flag in flags),
        *(f"Note by {note.author_label}: {note.text[:200]}" for note in notes),
        *(
            f"{decision.actor_label} {VERDICTS[Verdict(decision.verdict)]}"
            for decision in decisions.order_by("id")
        ),
        *_deeds_since(case, since, viewer),
    ]


def _deeds_since(case: Case, since: datetime, viewer: User) -> list[str]:
    events = [event for event in _events(case, since) if event.actor_id != viewer.pk]
    names = User.objects.names(_holders(events))
    entries = [_held(event, names) for event in events]
    return [f"{entry.actor} {entry.what}".strip() for entry in entries]


def _decisions(case: Case) -> DecisionQuerySet:
    return Decision.objects.of_case(case).select_related("policy_version").order_by("-id")


def _flagged(flag: Flag, names: Mapping[int, str]) -> Entry:
    reporter = names.get(flag.reporter_id or 0, "")
    return Entry(
        at=flag.created_at,
        icon="flag",
        actor=reporter,
        what=f"{'flagged it' if reporter else 'Flagged'}: {_flag_words(flag)}",
        words=flag.comment,
    )


def _flag_words(flag: Flag) -> str:
    if flag.hit is not None:
        words = f"rule “{flag.hit.rule.name}”, version {flag.hit.version.number}"
        return f"{words}, could not check it" if flag.source == FlagSource.GUARD else words
    reason = flag.get_reason_display()
    return f"{flag.get_source_display().lower()}{f', {reason.lower()}' if reason else ''}"


def _events(case: Case, since: datetime | None = None) -> list[AuditEvent]:
    events = audit.list_events_about(target_type="case", target_id=case.pk)
    events = events.of_kind(*HELD)
    if since is not None:
        events = events.after(since)
    return list(events[:MAX_EVENTS])


def _holders(events: Sequence[AuditEvent]) -> set[int]:
    numbers = {event.data.get(key) for event in events for _, key in HOLDERS}
    return {number for number in numbers if number is not None}


def _held(event: AuditEvent, names: Mapping[int, str]) -> Entry:
    """Say what somebody did with a claim; who held the case before, or does now, is named too."""
    what = HELD[AuditAction(event.action)]
    for word, key in HOLDERS:
        number = event.data.get(key)
        if number is not None:
            what = f"{what} {word} {names.get(number) or f'#{number}'}"
    return Entry(
        at=event.created_at,
        icon="back_hand",
        actor="" if event.action == AuditAction.CASE_OPENED else event.actor_label,
        what=what,
        words=event.reason,
        held=_HELD_BY.get(AuditAction(event.action)),
    )


def _noted(note: Note) -> Entry:
    return Entry(
        at=note.created_at,
        icon="sticky_note_2",
        actor=note.author_label,
        what="wrote a note",
        words=note.text,
        is_note=True,
    )


def _appealed(appeal: Appeal) -> Iterator[Entry]:
    person = appeal.subject.label
    yield Entry(
        at=appeal.created_at, icon="balance", actor=person, what="appealed", words=appeal.text
    )
    if appeal.state == AppealState.WITHDRAWN and appeal.decided_at is not None:
        what = "took the appeal back"
        yield Entry(at=appeal.decided_at, icon="balance", actor=person, what=what)


def _label(decision: Decision) -> str:
    if decision.actor_kind == ActorKind.RULE:
        return f"Rule “{decision.actor_label}”"
    return decision.actor_label


def _decided(decision: Decision, *, hides_reasons: bool) -> Entry:
    return Entry(
        at=decision.created_at,
        icon="undo" if decision.is_undo or decision.is_lift else "gavel",
        actor=_label(decision),
        what=_said(decision),
        words="" if hides_reasons else decision.reason,
    )


def _said(decision: Decision) -> str:
    if decision.is_undo:
        return "took the decision back"
    if decision.is_lift:
        return "lifted what kept the person out"
    is_system = decision.actor_kind == ActorKind.SYSTEM
    what = "kept the text back unchecked" if is_system else VERDICTS[Verdict(decision.verdict)]
    version = decision.policy_version
    return what if version is None else f"{what}, {version.title}"


def effects_of(decision: Decision) -> list[str]:
    """Return what a decision did, in words, and whether it still holds; or what it lifted."""
    rows = Enforcement.objects
    lifted_or_done = rows.reversed_by if decision.is_lift else rows.of_decision
    return _in_words(lifted_or_done(decision))


def effects_on(case: Case) -> list[str]:
    """Return what all decisions of a case did, in words, and whether it still holds."""
    return _in_words(Enforcement.objects.of_case(case))


def _in_words(rows: EnforcementQuerySet) -> list[str]:
    now = timezone.now()
    return [
        f"{row.what} ({row.state_at(now).label.lower()})"
        for row in rows.order_by("id")[:MAX_EVENTS]
    ]
