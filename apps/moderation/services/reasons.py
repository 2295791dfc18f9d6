"""The statement of reasons: what was done, by whose rule, by whom or what, and the redress."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext, gettext_noop, ngettext

from apps.conversations.constants import Author
from apps.core.languages import moment
from apps.moderation import constants
from apps.moderation.constants import EnforcementKind
from apps.moderation.models import Decision

TITLES = {
    EnforcementKind.HIDE_MESSAGE: gettext_noop("A message of yours was hidden"),
    EnforcementKind.REDACT_SPAN: gettext_noop("A passage in your conversation was redacted"),
    EnforcementKind.RETRACT_ANSWER: gettext_noop("An answer was withheld"),
    EnforcementKind.LOCK_CONVERSATION: gettext_noop("A conversation of yours was locked"),
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
BY_RULE = gettext_noop("A rule found this automatically; no person has looked at it yet.")
BY_PERSON = gettext_noop("A person looked at this and decided.")
BY_BOTH = gettext_noop(
    "A rule found this automatically; a person has looked at it since and decided."
)
APPEAL = gettext_noop("You can appeal within %(days)d days; somebody else will look.")


def compose(
    *,
    decision: Decision,
    measures: Sequence[tuple[EnforcementKind, datetime | None]],
    points: int,
    automatic: bool,
) -> tuple[str, str]:
    """Return title and statement of reasons, exactly as the person will read them.

    The parts follow what a statement of reasons must hold under Article 17 of the EU's Digital
    Services Act: what is restricted, the facts, whether by automated means, the rule, the redress.
    """
    if decision.case.target_role == Author.ASSISTANT:
        measures = [(OF_AN_ANSWER.get(kind, kind), ends_at) for kind, ends_at in measures]
    kinds = [kind for kind, _ in measures]
    heaviest = next((TITLES[kind] for kind in HEAVIEST_FIRST if kind in kinds), POINTS_ONLY)
    done = [sentence(kind, ends_at) for kind, ends_at in measures]
    if points:
        added = ngettext(
            "%(points)d point was added to your account.",
            "%(points)d points were added to your account.",
            points,
        )
        done.append(added % {"points": points})
    version = decision.policy_version
    parts = [" ".join(done)]
    if version is not None:
        words = {"title": version.title, "text": version.text_for_users}
        parts.append(gettext("Policy: %(title)s. %(text)s") % words)
    if decision.reason_for_user:
        parts.append(gettext("Reason: %(reason)s") % {"reason": decision.reason_for_user})
    is_found = decision.case.source == constants.FlagSource.RULE
    parts.append(gettext(BY_RULE if automatic else BY_BOTH if is_found else BY_PERSON))
    parts.append(redress())
    return gettext(heaviest), "\n\n".join(parts)


def redress() -> str:
    """Return how a person can ask for a second look."""
    return gettext(APPEAL) % {"days": constants.APPEAL_DAYS}


def sentence(kind: EnforcementKind, ends_at: datetime | None) -> str:
    """Return what an enforcement means for a person, and until when."""
    if ends_at is None or kind not in DONE_UNTIL:
        return gettext(DONE[kind])
    return gettext(DONE_UNTIL[kind]) % {"end": moment(ends_at)}
