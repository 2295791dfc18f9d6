"""The text of a case and what stands around it, cut into pieces that can be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from django.db.models import QuerySet
from django.utils.safestring import SafeString

from apps.audit import services as audit
from apps.audit.constants import AuditAction
from apps.conversations.constants import Author
from apps.conversations.models import Message
from apps.conversations.querysets import MessageQuerySet
from apps.conversations.services import presenting
from apps.conversations.services.reviewing import note_reading
from apps.core import redaction
from apps.moderation import constants
from apps.moderation.errors import GrantRequiredError
from apps.moderation.models import Case, CaseSnapshot, Flag
from apps.moderation.services.cases import cases
from apps.moderation.services.rules.checking import question_text
from apps.users.models import User

MORE_LINES = 10
FLAGGED_BY: dict[str, str] = {
    constants.FlagSource.RULE: "a rule",
    constants.FlagSource.USER: "a person",
    constants.FlagSource.STAFF: "staff",
    constants.FlagSource.PROVIDER: "the model provider",
    constants.FlagSource.GUARD: "a check that failed",
}
SEEN = (
    *("pk", "role", "content", "context", "prompt"),
    *("hidden_at", "redacted_at", "conversation__locked_at"),
)
Seen = tuple[int, str, str, Any, Any, datetime | None, datetime | None, datetime | None]
_BEFORE = constants.EXCHANGE_BEFORE
_AFTER = constants.EXCHANGE_AFTER


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text, and the number of the hit that marks it; 0 for none."""

    text: str
    mark: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One message around the one that the case is about.

    Attributes:
        id: its number.
        role: whose it is.
        text: as a page draws it.
        is_hidden: whether staff hid it.
        withheld: how many passages were taken out, in words.
        plain: its text as a program reads it.
    """

    id: int
    role: str
    text: SafeString | str
    is_hidden: bool
    withheld: str = ""
    plain: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What was said before and after, and whether there is more."""

    before: Sequence[Line]
    after: Sequence[Line]
    has_earlier: bool = False
    has_later: bool = False


def cut(text: str, flags: Sequence[Flag]) -> list[Piece]:
    """Cut a text at the passages that rules found; where two overlap, the first one is drawn.

    Args:
        text: as it was judged.
        flags: with their hits, in the order in which the page numbers them.
    """
    spans = []
    for number, flag in enumerate(flags, start=1):
        hit = flag.hit
        if hit is not None and hit.start is not None and hit.end is not None:
            spans.append((hit.start, min(hit.end, len(text)), number))
    pieces, position = [], 0
    for start, end, number in sorted(spans):
        if start < position or start >= end:
            continue
        if start > position:
            pieces.append(Piece(text[position:start]))
        pieces.append(Piece(text[start:end], number))
        position = end
    if position < len(text) or not pieces:
        pieces.append(Piece(text[position:]))
    return pieces


def wide_breaks(text: str) -> list[int]:
    """Return where the line breaks of two characters stand, in a text where each is one.

    Pages show text so; who selects there has to know where the stored text is longer.
    """
    pieces = text.split("\r\n")
    ends = accumulate(len(piece) + 1 for piece in pieces[:-1])
    return [end - 1 for end in ends]


def safe_summary(case: Case, characters: int) -> str:
    """Say what a text is without saying what it says."""
    if case.is_about_person:
        return "About the person, without a text"
    what = "An answer" if case.target_role == Author.ASSISTANT else "A message"
    return f"{what} of {characters:,} characters, {flags_in_words(case)}"


def flags_in_words(case: Case) -> str:
    """Say how often a message was flagged, and by what first."""
    by = FLAGGED_BY.get(case.source, case.get_source_display())
    return f"1 flag, by {by}" if case.flag_count == 1 else f"{case.flag_count} flags, first by {by}"


def surroundings_of(case: Case, snapshot: CaseSnapshot | None) -> tuple[str, Exchange]:
    """Return what readers see at present in the message's place, and what stands around it.

    What stands around it is as it is now while the case lets in, kept otherwise: a closed case
    gives no way into the conversation beyond what it was decided on. One query; none where the case
    is about a person.
    """
    if case.message_id is None:
        return "", Exchange(before=(), after=())
    rows = _seen(Message.objects.filter(pk=case.message_id).order_by())
    if _lets_in(case):
        path = _path(case)
        before = _seen(path.before_number(case.message_id)).order_by("-id")[: _BEFORE + 1]
        after = _seen(path.after_number(case.message_id)).order_by("id")[: _AFTER + 1]
        rows = rows.union(before, after, all=True)
    found = {row[0]: row for row in sorted(rows)}
    now = _now(found.pop(case.message_id, None), snapshot.text if snapshot is not None else "")
    if not _lets_in(case):
        return now, _kept(case, snapshot)
    lines = [_line(row) for row in found.values()]
    earlier = [line for line in lines if line.id < case.message_id]
    later = [line for line in lines if line.id > case.message_id]
    return now, Exchange(
        before=earlier[-_BEFORE:],
        after=later[:_AFTER],
        has_earlier=len(earlier) > _BEFORE,
        has_later=len(later) > _AFTER,
    )


def _now(row: Seen | None, text: str) -> str:
    """Say how what people see at present differs from the text as it was judged."""
    if row is None:
        return "The message was deleted since."
    message, locked_at = _message(row), row[-1]
    if message.is_hidden:
        return "Hidden at present."
    if text not in (message.content, question_text(message)):
        return "Its readers see another text at present: it was redacted, withheld or went on."
    return "The conversation is locked at present." if locked_at is not None else ""


def read_more(*, viewer: User, case_id: int, beyond: int) -> Exchange:
    """Return more of the conversation, further from the message than one that was shown.

    Args:
        viewer: a member of staff; that they read is in the audit record.
        case_id: a case that is not closed, nor sealed.
        beyond: the number of the outermost message that is shown.

    Raises:
        ForbiddenError: the viewer may not see cases.
        CaseNotFoundError: there is no such case.
        GrantRequiredError: the case lets nobody in, so that reading on needs a reason.
    """
    case = cases.access_case(viewer=viewer, case_id=case_id)
    if case.message_id is None:
        return Exchange(before=(), after=())
    if not _lets_in(case):
        raise GrantRequiredError
    note_opening(viewer=viewer, case=case)
    path = _path(case)
    if beyond < case.message_id:
        found = list(_seen(path.before_number(beyond)).order_by("-id")[: MORE_LINES + 1])
        lines = [_line(row) for row in reversed(found[:MORE_LINES])]
        return Exchange(before=lines, after=(), has_earlier=len(found) > MORE_LINES)
    found = list(_seen(path.after_number(beyond)).order_by("id")[: MORE_LINES + 1])
    lines = [_line(row) for row in found[:MORE_LINES]]
    return Exchange(before=(), after=lines, has_later=len(found) > MORE_LINES)


def note_opening(*, viewer: User, case: Case) -> None:
    """Write down that a member of staff read a part of a conversation, once an hour.

    It is written down also where the message is gone and only what the case keeps of it was read; a
    case about a person shows no part of one.

    Raises:
        ForbiddenError: the viewer may not see cases.
    """
    cases.require(viewer, cases.VIEW)
    if case.conversation_id is None:
        return
    note_reading(viewer=viewer, conversation_id=case.conversation_id, owner_id=case.subject_id)


def note_excerpts(*, viewer: User, case_ids: Sequence[int]) -> None:
    """Write down which cases a page of the queue showed the words of: one event for the page.

    Raises:
        ForbiddenError: the viewer may not see cases.
    """
    cases.require(viewer, cases.VIEW)
    if not case_ids:
        return
    audit.record(
        actor=viewer,
        action=AuditAction.CASE_LISTED,
        target_type="queue",
        target_id=0,
        data={"case_ids": list(case_ids)},
    )


def _lets_in(case: Case) -> bool:
    return not (case.is_closed or case.is_sealed)


def _path(case: Case) -> MessageQuerySet:
    return Message.objects.of_conversation(case.talk_number).on_path()


def _seen(rows: MessageQuerySet) -> QuerySet[Message, Seen]:
    return rows.values_list(*SEEN)


def _message(row: Seen) -> Message:
    return Message(**dict(zip(SEEN[:-1], row[:-1], strict=True)))


def _line(row: Seen) -> Line:
    message = _message(row)
    text = presenting.drawn_text(message)
    withheld = redaction.how_many(message.content) if text and message.is_redacted else ""
    plain = presenting.visible_text(message)
    return Line(message.pk, message.role, text, message.is_hidden, withheld, plain)


def _kept(case: Case, snapshot: CaseSnapshot | None) -> Exchange:
    lines = [
        Line(int(one["id"]), str(one["role"]), str(one["text"]), not one["text"])
        for one in (snapshot.exchange if snapshot is not None else ())
    ]
    return Exchange(
        before=[line for line in lines if line.id < case.text_number],
        after=[line for line in lines if line.id > case.text_number],
    )
