"""Which text a message has without one of its redactions."""

from __future__ import annotations

from apps.conversations.models import Message
from apps.core import redaction
from apps.moderation.constants import EnforcementKind
from apps.moderation.models import CaseSnapshot, Enforcement


def is_withheld(message: Message) -> bool:
    """Tell whether a decision withholds an answer at the moment."""
    withheld = Enforcement.objects.active().of_kind(EnforcementKind.RETRACT_ANSWER)
    return withheld.on_message(message.pk).exists()


def first_text_of(enforcement: Enforcement) -> tuple[str, str | None]:
    """Return the first text of a message with every redaction that still holds, and why for users.

    Redacting keeps lengths, so that the passages of later ones fit the first text too.
    """
    message_id = enforcement.decision.case.text_number
    rewritten = Enforcement.objects.on_message(message_id).of_kind(
        EnforcementKind.REDACT_SPAN, EnforcementKind.RETRACT_ANSWER
    )
    first = rewritten.order_by("id")[0]
    text = list(CaseSnapshot.objects.get(pk=first.data["snapshot_id"]).text)
    redactions = rewritten.active().of_kind(EnforcementKind.REDACT_SPAN)
    told = None
    others = redactions.exclude(pk=enforcement.pk).select_related("decision__policy_version")
    for other in others.order_by("id"):
        told = other.decision.told
        for start, end in other.data["spans"]:
            text[start:end] = redaction.BLOCK * (end - start)
    return "".join(text), told
