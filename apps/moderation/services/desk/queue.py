"""What waits: the filter of the queue, its pages by key, and what a row of it says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.core.cache import cache
from django.utils import timezone

from apps.core.numbers import whole_number
from apps.moderation import constants
from apps.moderation.errors import SearchRefusedError
from apps.moderation.models import Case
from apps.moderation.querysets import CaseQuerySet
from apps.moderation.services.cases import cases, priorities, reassigning
from apps.moderation.services.desk import case_texts, preferences, queue_search
from apps.moderation.services.desk.queue_filters import (
    UNKNOWN_LANGUAGE,
    AgeBand,
    Order,
    QueueFilter,
)
from apps.users.models import User

ROWS_PER_PAGE = 30
COUNT_LIMIT = 1_000
EXCERPT_CHARS = 180
OVERDUE_KEY = "moderation:overdue"
OVERDUE_SECONDS = 30
BANDS = {
    AgeBand.HOUR: (timedelta(0), timedelta(hours=1)),
    AgeBand.DAY: (timedelta(hours=1), timedelta(days=1)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One case as the list shows it.

    Attributes:
        seconds_left: until whoever holds it does not any more; 0 where nobody does.
        given_by: the lead who gave it to the viewer, where it waits to be opened.
    """

    case: Case
    excerpt: str
    is_collapsed: bool
    characters: int
    subject_name: str
    holder_name: str
    is_mine: bool
    seconds_left: int
    given_by: str
    share: int
    age_tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSlice:
    """One page of the queue: the viewer's own cases first, then the rest, and where it goes on."""

    mine: Sequence[QueueRow]
    rows: Sequence[QueueRow]
    after: str
    total: str
    collapse_from: int = constants.Severity.HIGH


def rows_of(*, viewer: User, chosen: QueueFilter) -> CaseQuerySet:
    """Return the cases that a filter finds, in no order; none that is about the viewer.

    Raises:
        ForbiddenError: the viewer may not see cases.
        SearchRefusedError: what was typed could only be found by reading everything.
    """
    cases.require(viewer, cases.VIEW)
    rows = Case.objects.not_about(viewer)
    for narrow in (_in_state, _of_kind, _of_age):
        rows = narrow(rows, chosen)
    rows = _of_holder(rows, chosen, viewer)
    if chosen.rule or chosen.mode:
        rows = rows.hit_by(rule=int(chosen.rule) if chosen.rule else None, mode=chosen.mode)
    return queue_search.found_by(rows, chosen.q, days=chosen.days) if chosen.q else rows


def take_slice(*, viewer: User, chosen: QueueFilter, after: str = "") -> QueueSlice:
    """Return one page of the queue; whose words it shows is in the audit record.

    Args:
        viewer: whose own cases stand on top of the first page.
        chosen: the filter.
        after: where the page before it ended; empty for the first.

    Raises:
        ForbiddenError, SearchRefusedError: as `rows_of`.
    """
    found = rows_of(viewer=viewer, chosen=chosen)
    shows_mine = chosen.is_default_state and not chosen.q
    own = _from(found.claimed_by(viewer), chosen.sorted_by, "") if shows_mine else found.none()
    mine = [] if after else list(_drawn(own)[:ROWS_PER_PAGE])
    on_top = own.values_list("pk", flat=True)[:ROWS_PER_PAGE] if after else [one.pk for one in mine]
    rest = found.exclude(pk__in=list(on_top))
    page = list(_drawn(_from(rest, chosen.sorted_by, after))[: ROWS_PER_PAGE + 1])
    shown = page[:ROWS_PER_PAGE]
    hidden_from = preferences.collapse_from(viewer)
    read = [case.pk for case in (*mine, *shown) if getattr(case, "beginning", None)]
    case_texts.note_excerpts(viewer=viewer, case_ids=read)
    givers = reassigning.givers_of(mine)
    return QueueSlice(
        mine=[_row(case, viewer, hidden_from, givers.get(case.pk, "")) for case in mine],
        rows=[_row(case, viewer, hidden_from) for case in shown],
        after=_key(shown[-1], chosen.sorted_by) if len(page) > ROWS_PER_PAGE else "",
        collapse_from=hidden_from,
        total=count(found),
    )


def count(rows: CaseQuerySet) -> str:
    """Return how many cases there are, reading at most a thousand: "12" or "1,000+"."""
    found = rows.order_by().values("pk")[: COUNT_LIMIT + 1].count()
    return f"{found:,}" if found <= COUNT_LIMIT else f"{COUNT_LIMIT:,}+"


def overdue_count() -> str:
    """Return how many cases are past due, at most half a minute old; empty for none."""
    known = cache.get(OVERDUE_KEY)
    if known is None:
        found = count(Case.objects.not_closed().due_before(timezone.now()))
        known = "" if found == "0" else found
        cache.set(OVERDUE_KEY, known, OVERDUE_SECONDS)
    return str(known)


def names_of(rows: Iterable[Case]) -> dict[int, str]:
    """Return the names of everybody these cases are about or held by, in one query."""
    numbers = {number for case in rows for number in (case.subject_id, case.claimed_by_id)}
    names: dict[int, str] = User.objects.names(numbers - {None})
    return names


def share_of_sla(case: Case, *, now: datetime | None = None) -> int:
    """Return how much of its time a case has used, in percent; over 100 it is late."""
    end = case.closed_at or now or timezone.now()
    begin = priorities.begun_at(case)
    whole = (case.due_at - begin).total_seconds()
    used = (end - begin).total_seconds()
    return min(round(100 * used / whole), 9_999) if whole > 0 else 100


def age_tone(share: int) -> str:
    """Return the word for how much of its time a case has used."""
    if share >= 100:
        return "late"
    return "soon" if share >= 75 else "half" if share >= 50 else "fresh"


def _in_state(rows: CaseQuerySet, chosen: QueueFilter) -> CaseQuerySet:
    if chosen.state in constants.CaseState.values:
        return rows.in_state(chosen.state)
    return rows if chosen.state == "any" else rows.not_closed()


def _of_kind(rows: CaseQuerySet, chosen: QueueFilter) -> CaseQuerySet:
    rows = rows.of_policy(chosen.policy) if chosen.policy else rows
    rows = rows.of_severity(int(chosen.severity)) if chosen.severity else rows
    rows = rows.first_flagged_by(chosen.source) if chosen.source else rows
    rows = rows.of_role(chosen.role) if chosen.role else rows
    rows = rows.answered_by(chosen.model) if chosen.model else rows
    if not chosen.language:
        return rows
    return rows.in_language("" if chosen.language == UNKNOWN_LANGUAGE else chosen.language)


def _of_age(rows: CaseQuerySet, chosen: QueueFilter) -> CaseQuerySet:
    now = timezone.now()
    if chosen.age == AgeBand.OVERDUE:
        return rows.due_before(now)
    if chosen.age == AgeBand.LATER:
        return rows.due_from(now + timedelta(days=1))
    if chosen.age in AgeBand.values:
        begin, end = BANDS[AgeBand(chosen.age)]
        return rows.due_from(now + begin).due_before(now + end)
    return rows


def _of_holder(rows: CaseQuerySet, chosen: QueueFilter, viewer: User) -> CaseQuerySet:
    if not chosen.claimed_by:
        return rows
    if chosen.claimed_by == "nobody":
        return rows.unclaimed()
    return rows.claimed_by(viewer.pk if chosen.claimed_by == "me" else int(chosen.claimed_by))


def _drawn(rows: CaseQuerySet) -> CaseQuerySet:
    """Return the cases with the beginning of their newest text, and nothing else of it."""
    named: CaseQuerySet = rows.select_related("policy__current").annotate(
        subject_name=User.objects.name_at("subject_id"),
        holder_name=User.objects.name_at("claimed_by_id"),
    )
    return named.with_beginning(EXCERPT_CHARS)


def _from(rows: CaseQuerySet, order: str, after: str) -> CaseQuerySet:
    """Order the cases, and begin behind a key; a key that makes no sense begins at the top."""
    if order == Order.NEWEST:
        numbers = _numbers(after, 1)
        rows = rows.before_number(numbers[0]) if numbers else rows
        return rows.order_by("-id")
    if order == Order.URGENT:
        numbers = _numbers(after, 3)
        if numbers:
            rows = rows.less_urgent_than(
                priority=numbers[0], due_at=_moment(numbers[1]), number=numbers[2]
            )
        return rows.most_urgent_first()
    numbers = _numbers(after, 2)
    if numbers:
        rows = rows.due_after(due_at=_moment(numbers[0]), number=numbers[1])
    return rows.soonest_due_first()


def _key(case: Case, order: str) -> str:
    due = round(case.due_at.timestamp() * 1_000_000)
    if order == Order.NEWEST:
        return str(case.pk)
    return f"{case.priority}.{due}.{case.pk}" if order == Order.URGENT else f"{due}.{case.pk}"


def _numbers(after: str, parts: int) -> list[int]:
    words = after.split(".")
    fits = len(words) == parts and all(
        whole_number(word.removeprefix("-")) is not None for word in words
    )
    return [int(word) for word in words] if fits else []


def _moment(microseconds: int) -> datetime:
    try:
        whole = datetime.fromtimestamp(microseconds // 1_000_000, tz=UTC)
    except (OverflowError, ValueError, OSError) as error:
        message = "This page of the queue does not exist. Begin at the first one."
        raise SearchRefusedError(message) from error
    return whole + timedelta(microseconds=microseconds % 1_000_000)


def _row(case: Case, viewer: User, collapse_from: int, given_by: str = "") -> QueueRow:
    share = share_of_sla(case)
    is_held = case.state == constants.CaseState.CLAIMED and case.has_live_claim
    holder = case.claimed_by_id if is_held else None
    return QueueRow(
        case=case,
        excerpt=getattr(case, "beginning", None) or "",
        characters=getattr(case, "text_chars", None) or 0,
        is_collapsed=case.severity >= collapse_from,
        subject_name=getattr(case, "subject_name", None) or f"#{case.subject_id}",
        holder_name=(getattr(case, "holder_name", None) or f"#{holder}") if holder else "",
        is_mine=holder == viewer.pk,
        seconds_left=_seconds_left(case) if is_held else 0,
        given_by=given_by,
        share=share,
        age_tone=age_tone(share),
    )


def _seconds_left(case: Case) -> int:
    end = case.claim_expires_at
    return round((end - timezone.now()).total_seconds()) if end is not None else 0
