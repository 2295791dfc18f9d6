"""The statement of reasons: what was done, by whose rule, by whom or what, and the redress."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext, gettext_noop, ngettext

from apps.conversations.constants import Author
from apps.core.languages import moment
from apps.moderation import constants
from apps.moderation.constants import EnforcementKind
from apps.moderation.models import Decision
from apps.moderation.services.notices.still_held import Easing
from apps.users.constants import Standing

TITLES = {
    EnforcementKind.HIDE_MESSAGE: gettext_noop("A message of yours was hidden"),
    EnforcementKind.REDACT_SPAN: gettext_noop("A passage in your conversation was redacted"),
    EnforcementKind.RETRACT_ANSWER: gettext_noop("An answer was withheld"),
    EnforcementKind.LOCK_CONVERSATION: gettext_noop("A conversation of yours was locked"),
    EnforcementKind.REVOKE_SHARE: gettext_noop("A shared link of yours was revoked"),
    EnforcementKind.WARN: gettext_noop("You were warned"),
    EnforcementKind.RESTRICT: gettext_noop("You may read and not write"),
    EnforcementKind.SUSPEND: gettext_noop("Your account was suspended"),
}
HEAVIEST_FIRST = tuple(reversed(EnforcementKind))
DONE = {
    EnforcementKind.HIDE_MESSAGE: gettext_noop(
        "Your message is hidden and the model does not read it."
    ),
    EnforcementKind.REDACT_SPAN: gettext_noop("A passage was made unreadable; the rest stays."),
    EnforcementKind.RETRACT_ANSWER: gettext_noop(
        "The answer is not shown and the model does not read it."
    ),
    EnforcementKind.LOCK_CONVERSATION: gettext_noop(
        "You can read this conversation and not write in it."
    ),
    EnforcementKind.REVOKE_SHARE: gettext_noop(
        "The link leads nowhere, and no other link to its conversation can be made. "
        "The conversation itself stays as it is."
    ),
    EnforcementKind.WARN: gettext_noop("This is a warning; nothing else changes."),
    EnforcementKind.RESTRICT: gettext_noop("You can read and not write."),
    EnforcementKind.SUSPEND: gettext_noop("You cannot use your account."),
}
DONE_UNTIL = {
    EnforcementKind.RESTRICT: gettext_noop("You can read and not write until %(end)s UTC."),
    EnforcementKind.SUSPEND: gettext_noop("You cannot use your account until %(end)s UTC."),
}
OF_AN_ANSWER = {EnforcementKind.HIDE_MESSAGE: EnforcementKind.RETRACT_ANSWER}
"""What is said of an answer in the place of what is said of a message."""
POINTS_ONLY = gettext_noop("You got points")
FEWER_POINTS = gettext_noop("Fewer points count than before")
NO_POINTS = gettext_noop("The points that had been added to your account do not count any more.")
LOOKED_AGAIN = gettext_noop("We looked again and decided otherwise.")
EASED = {
    (Standing.SUSPENDED, Standing.GOOD): gettext_noop(
        "Your account is not suspended any more: you can use it as before."
    ),
    (Standing.SUSPENDED, Standing.RESTRICTED): gettext_noop(
        "Your account is not suspended any more: you can read and not write."
    ),
    (Standing.RESTRICTED, Standing.GOOD): gettext_noop("You can write again."),
}
TITLES_OF_EASING = {
    Standing.SUSPENDED: gettext_noop("Your account is open again"),
    Standing.RESTRICTED: gettext_noop("You may write again"),
}
BY_RULE = gettext_noop("A rule found this automatically; no person has looked at it yet.")
BY_PERSON = gettext_noop("A person looked at this and decided.")
BY_BOTH = gettext_noop(
    "A rule found this automatically; a person has looked at it since and decided."
)
APPEAL = gettext_noop("You can appeal within %(days)d days; somebody else will look.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a violation changes for a person, as their notice says it.

    Attributes:
        measures: kinds of what is done or holds already, each with its end.
        points: strike points that it gives.
        former_points: what its case gave before, in whose place they come.
        eased: how the person's standing gets lighter; None where it does not.
        automatic: whether a rule decided.
    """

    measures: Sequence[tuple[EnforcementKind, datetime | None]]
    points: int = 0
    former_points: int = 0
    eased: Easing | None = None
    automatic: bool = False


def compose(decision: Decision, change: Change) -> tuple[str, str]:
    """Return title and statement of reasons, exactly as the person will read them.

    The parts follow what a statement of reasons must hold under Article 17 of the EU's Digital
    Services Act: what is restricted, the facts, whether by automated means, the rule, the redress.
    """
    if not change.measures and not change.points:
        return _compose_relief(decision, change)
    measures = change.measures
    if decision.case.target_role == Author.ASSISTANT:
        measures = [(OF_AN_ANSWER.get(kind, kind), ends_at) for kind, ends_at in measures]
    kinds = [kind for kind, _ in measures]
    heaviest = next((TITLES[kind] for kind in HEAVIEST_FIRST if kind in kinds), POINTS_ONLY)
    done = [sentence(kind, ends_at) for kind, ends_at in measures]
    version = decision.policy_version
    parts = [" ".join([*done, *_said_of_account(change)])]
    if version is not None:
        words = {"title": version.title, "text": version.text_for_users}
        parts.append(gettext("Policy: %(title)s. %(text)s") % words)
    if decision.reason_for_user:
        parts.append(gettext("Reason: %(reason)s") % {"reason": decision.reason_for_user})
    is_found = decision.case.source == constants.FlagSource.RULE
    by = BY_RULE if change.automatic else BY_BOTH if is_found else BY_PERSON
    parts += [gettext(by), redress()]
    return gettext(heaviest), "\n\n".join(parts)


def _compose_relief(decision: Decision, change: Change) -> tuple[str, str]:
    """Return what is told where a decision only takes away from what was before."""
    title = FEWER_POINTS if change.eased is None else TITLES_OF_EASING[change.eased[0]]
    why = decision.reason_for_user or gettext(LOOKED_AGAIN)
    return gettext(title), "\n\n".join([why, " ".join(_said_of_account(change))])


def _said_of_account(change: Change) -> list[str]:
    """Return what is said of points and standing."""
    said = []
    if change.points and change.points < change.former_points:
        left = ngettext(
            "Of the points that had been added to your account, %(points)d still counts.",
            "Of the points that had been added to your account, %(points)d still count.",
            change.points,
        )
        said.append(left % {"points": change.points})
    elif change.points:
        added = ngettext(
            "%(points)d point was added to your account.",
            "%(points)d points were added to your account.",
            change.points,
        )
        said.append(added % {"points": change.points})
    elif change.former_points:
        said.append(gettext(NO_POINTS))
    return said if change.eased is None else [*said, said_of_easing(change.eased)]


def said_of_easing(eased: Easing) -> str:
    """Return what a person whose standing got lighter may do again."""
    return gettext(EASED[eased])


def redress() -> str:
    """Return how a person can ask for a second look."""
    return gettext(APPEAL) % {"days": constants.APPEAL_DAYS}


def sentence(kind: EnforcementKind, ends_at: datetime | None) -> str:
    """Return what an enforcement means for a person, and until when."""
    if ends_at is None or kind not in DONE_UNTIL:
        return gettext(DONE[kind])
    return gettext(DONE_UNTIL[kind]) % {"end": moment(ends_at)}
