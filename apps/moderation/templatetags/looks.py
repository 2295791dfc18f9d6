"""How severities, states and verdicts are drawn: a word, a sign and a colour each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString

from apps.core.admin_kit.display import EMPTY, Tone, badge
from apps.moderation.constants import (
    AppealState,
    CaseState,
    EnforcementState,
    FlagOutcome,
    GrantState,
    HitOutcome,
    Severity,
    Verdict,
)
from apps.users.models import User

if TYPE_CHECKING:
    from apps.core.admin_kit.model_admin import StaffModelAdmin

SEVERITY_LOOKS = {
    Severity.LOW: (Tone.NEUTRAL, "keyboard_arrow_down"),
    Severity.MEDIUM: (Tone.NEUTRAL, "drag_handle"),
    Severity.HIGH: (Tone.WARNING, "keyboard_arrow_up"),
    Severity.CRITICAL: (Tone.DANGER, "crisis_alert"),
}
STATE_LOOKS = {
    CaseState.OPEN: (Tone.NEUTRAL, "radio_button_unchecked"),
    CaseState.CLAIMED: (Tone.LIVE, "back_hand"),
    CaseState.ESCALATED: (Tone.WARNING, "arrow_upward"),
    CaseState.CLOSED: (Tone.GOOD, "check"),
}
VERDICT_LOOKS = {
    Verdict.VIOLATES: ("Violates", Tone.DANGER, "gavel"),
    Verdict.NO_VIOLATION: ("No violation", Tone.GOOD, "check"),
    Verdict.UNSURE: ("Unsure", Tone.WARNING, "arrow_upward"),
}
ENFORCEMENT_LOOKS = {
    EnforcementState.ACTIVE: (Tone.LIVE, "check"),
    EnforcementState.EXPIRED: (Tone.NEUTRAL, "schedule"),
    EnforcementState.REVERSED: (Tone.NEUTRAL, "undo"),
}
FLAG_LOOKS = {
    FlagOutcome.PENDING: (Tone.NEUTRAL, "schedule"),
    FlagOutcome.AGREED: (Tone.GOOD, "thumb_up"),
    FlagOutcome.DISAGREED: (Tone.WARNING, "thumb_down"),
}
HIT_LOOKS = {
    HitOutcome.RECORDED: (Tone.NEUTRAL, "edit_note"),
    HitOutcome.FLAGGED: (Tone.LIVE, "flag"),
    HitOutcome.ENFORCED: (Tone.DANGER, "block"),
    HitOutcome.CAPPED: (Tone.NEUTRAL, "data_usage"),
    HitOutcome.ERROR: (Tone.WARNING, "error"),
}
APPEAL_LOOKS = {
    AppealState.SUBMITTED: (Tone.LIVE, "mark_email_unread"),
    AppealState.IN_REVIEW: (Tone.LIVE, "hourglass_top"),
    AppealState.UPHELD: (Tone.NEUTRAL, "gavel"),
    AppealState.OVERTURNED: (Tone.GOOD, "undo"),
    AppealState.WITHDRAWN: (Tone.NEUTRAL, "close"),
}

GRANT_LOOKS = {
    GrantState.LIVE: (Tone.LIVE, "key"),
    GrantState.ENDED_EARLY: (Tone.NEUTRAL, "key_off"),
    GrantState.EXPIRED: (Tone.NEUTRAL, "schedule"),
}


def severity_badge(value: int) -> SafeString:
    """Show how much harm is at stake."""
    severity = Severity(value)
    return badge(severity.label, *SEVERITY_LOOKS[severity])


def state_badge(value: str) -> SafeString:
    """Show where a case stands."""
    state = CaseState(value)
    return badge(state.label, *STATE_LOOKS[state])


def verdict_badge(value: str, *, is_undo: bool = False, is_lift: bool = False) -> SafeString:
    """Show what a decision says."""
    if is_undo:
        return badge("Taken back", Tone.NEUTRAL, "undo")
    if is_lift:
        return badge("Lifted", Tone.GOOD, "undo")
    return badge(*VERDICT_LOOKS[Verdict(value)])


def enforcement_badge(value: str) -> SafeString:
    """Show whether what was done still holds."""
    state = EnforcementState(value)
    return badge(state.label, *ENFORCEMENT_LOOKS[state])


def flag_badge(value: str) -> SafeString:
    """Show what became of a flag."""
    outcome = FlagOutcome(value)
    return badge(outcome.label, *FLAG_LOOKS[outcome])


def hit_badge(value: str) -> SafeString:
    """Show what came of a hit."""
    outcome = HitOutcome(value)
    return badge(outcome.label, *HIT_LOOKS[outcome])


def appeal_badge(value: str) -> SafeString:
    """Show where an appeal stands."""
    state = AppealState(value)
    return badge(state.label, *APPEAL_LOOKS[state])


def grant_badge(value: str, *, ended_by: str = "") -> SafeString:
    """Show whether somebody may read by a grant, and who ended it early."""
    state = GrantState(value)
    words = f"{state.label} by {ended_by}" if ended_by else state.label
    return badge(words, *GRANT_LOOKS[state])


def person(subject: StaffModelAdmin[Any], number: int | None, name: str | None) -> SafeString | str:
    """Link to a person, or say that the account is gone."""
    if number is None:
        return EMPTY
    if name is None:
        return f"#{number} (account gone)"
    return subject.link_to(User(pk=number, name=name), name)
