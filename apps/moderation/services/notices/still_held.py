"""What is kept from a person at the moment, and what still would be if some of it ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from apps.conversations.constants import ReplyState
from apps.conversations.models import Message
from apps.moderation.constants import EnforcementKind
from apps.moderation.models import Case, Enforcement
from apps.users.constants import Standing
from apps.users.models import User
from apps.users.services import access

BY_STANDING = {
    Standing.RESTRICTED: EnforcementKind.RESTRICT,
    Standing.SUSPENDED: EnforcementKind.SUSPEND,
}
BY_KIND = {kind: standing for standing, kind in BY_STANDING.items()}
LIGHTEST_FIRST = (Standing.GOOD, Standing.RESTRICTED, Standing.SUSPENDED)

Easing = tuple[Standing, Standing]
"""How a person stood before and stands after, where that is lighter."""


def held_on(
    case: Case, *, ending: Sequence[Enforcement] = ()
) -> list[tuple[EnforcementKind, datetime | None]]:
    """Return what is out of view or not allowed, whoever decided that.

    Args:
        case: whose text and subject it is about.
        ending: what is about to be taken back, in its order; nothing to go by what is now.
    """
    seen = Message.objects.filter(pk=case.text_number).values_list(
        "hidden_at", "reply__state", "redacted_at", "conversation__locked_at"
    )
    held: list[tuple[EnforcementKind, datetime | None]] = []
    for hidden_at, state, redacted_at, locked_at in seen:
        found = {
            EnforcementKind.HIDE_MESSAGE: hidden_at is not None,
            EnforcementKind.RETRACT_ANSWER: state == ReplyState.WITHHELD,
            EnforcementKind.REDACT_SPAN: redacted_at is not None,
            EnforcementKind.LOCK_CONVERSATION: locked_at is not None,
        }
        for kind, is_held in found.items():
            own = [one for one in ending if one.kind == kind]
            if is_held and not (own and _is_given_back(case, own, hidden_at)):
                held.append((kind, None))
    standing, ends_at = _standing(case.subject_id, ending)
    return [*held, (BY_STANDING[standing], ends_at)] if standing in BY_STANDING else held


def _is_given_back(case: Case, own: Sequence[Enforcement], hidden_at: datetime | None) -> bool:
    """Tell whether taking these back, all of one kind, gives back what they took."""
    numbers = [one.pk for one in own]
    same = Enforcement.objects.active().of_kind(own[0].kind).order_by("id")
    others = same.exclude(pk__in=numbers)
    if own[0].kind == EnforcementKind.LOCK_CONVERSATION:
        return not others.on_conversation(case.talk_number).exists()
    if own[0].kind != EnforcementKind.HIDE_MESSAGE or hidden_at is None:
        return not others.on_message(case.text_number).exists()
    hiding = list(same.hiding(message=case.text_number, since=hidden_at))
    since = hidden_at.isoformat()
    return (
        bool(hiding)
        and {one.pk for one in hiding} <= set(numbers)
        and hiding[0].data.get("hidden_at", since) == since
    )


def standing_of(subject_id: int, *, ending: Iterable[Enforcement] = ()) -> Standing:
    """Return how a person stands, or would without what is about to end; good if they are gone."""
    return _standing(subject_id, ending)[0]


def _standing(subject_id: int, ending: Iterable[Enforcement]) -> tuple[Standing, datetime | None]:
    person = User.objects.filter(pk=subject_id).first()
    if person is None:
        return Standing.GOOD, None
    numbers = [one.data["restriction_id"] for one in ending if "restriction_id" in one.data]
    return access.running_standing(person, without=numbers)


def eased(before: Standing, after: Standing) -> Easing | None:
    """Return both, where somebody stands better after than before; None where they do not."""
    is_lighter = LIGHTEST_FIRST.index(after) < LIGHTEST_FIRST.index(before)
    return (before, after) if is_lighter else None


def easing_of(
    subject_id: int, *, ending: Collection[Enforcement], coming: Iterable[EnforcementKind] = ()
) -> Easing | None:
    """Return how a person's standing would be eased; None where it would not.

    Args:
        subject_id: whose.
        ending: what is about to end.
        coming: kinds of what begins in the same breath.
    """
    if not ending:
        return None
    after = [standing_of(subject_id, ending=ending)]
    after += [BY_KIND.get(kind, Standing.GOOD) for kind in coming]
    return eased(standing_of(subject_id), max(after, key=LIGHTEST_FIRST.index))
