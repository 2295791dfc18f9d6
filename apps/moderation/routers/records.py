"""The records of moderation for programs of staff; none of them is about whoever reads it."""

from django.http import HttpRequest
from ninja import Query

from apps.core.api.pagination import Slice
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.moderation.routers.lists import page_of
from apps.moderation.schemas.cases import DecisionOut, FlagOut, NoteOut
from apps.moderation.schemas.records import (
    DecisionParams,
    EnforcementOut,
    EnforcementParams,
    FlagParams,
    HitParams,
    NoteParams,
    PersonParams,
    RuleHitOut,
    SentNoticeOut,
    StrikeRecordOut,
)
from apps.moderation.services.desk import records
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Moderation"])
STAFF = TokenScope.STAFF


@router.operation(
    "GET",
    "/decisions",
    Endpoint(
        returns=Page[DecisionOut],
        message="Decisions.",
        scope=STAFF,
        gives={"decision_id": "/items/0/id"},
    ),
)
async def list_decisions(request: HttpRequest, page: Query[DecisionParams]) -> Slice:
    """List decisions, newest first, by case, actor or batch.

    Reasons are empty where you may review the case's appeal and have not noted your opinion.
    """
    found = await page_of(request, page, records.list_decisions, chosen=_chosen(page))
    return Slice([DecisionOut.of(one) for one in found.items], found.next_cursor)


@router.operation(
    "GET",
    "/enforcements",
    Endpoint(
        returns=Page[EnforcementOut],
        message="What decisions did.",
        scope=STAFF,
        gives={"enforcement_id": "/items/0/id"},
    ),
)
async def list_enforcements(request: HttpRequest, page: Query[EnforcementParams]) -> Slice:
    """List what decisions did to texts and people, newest first, and whether it holds."""
    found = await page_of(request, page, records.list_enforcements, chosen=_chosen(page))
    return Slice([EnforcementOut.of(one) for one in found.items], found.next_cursor)


@router.operation(
    "GET",
    "/strikes",
    Endpoint(
        returns=Page[StrikeRecordOut],
        message="Points.",
        scope=STAFF,
        gives={"strike_id": "/items/0/id"},
    ),
)
async def list_strikes(request: HttpRequest, page: Query[PersonParams]) -> Slice:
    """List points that people got, newest first, those that count no more included."""
    found = await page_of(request, page, records.list_strikes, chosen=_chosen(page))
    return Slice([StrikeRecordOut.of(one) for one in found.items], found.next_cursor)


@router.operation(
    "GET",
    "/notices",
    Endpoint(
        returns=Page[SentNoticeOut],
        message="What people were told.",
        scope=STAFF,
        gives={"sent_notice_id": "/items/0/id"},
    ),
)
async def list_sent_notices(request: HttpRequest, page: Query[PersonParams]) -> Slice:
    """List what people were told about decisions, word for word, newest first.

    What one says is empty where you may review the case's appeal and have not noted your opinion.
    """
    found = await page_of(request, page, records.list_notices, chosen=_chosen(page))
    return Slice([SentNoticeOut.of(one) for one in found.items], found.next_cursor)


@router.operation(
    "GET",
    "/hits",
    Endpoint(
        returns=Page[RuleHitOut],
        message="Hits.",
        scope=STAFF,
        gives={"hit_id": "/items/0/id"},
    ),
)
async def list_hits(request: HttpRequest, page: Query[HitParams]) -> Slice:
    """List what rules found, those in shadow too, newest first; a hit holds no text."""
    found = await page_of(request, page, records.list_hits, chosen=_chosen(page))
    return Slice([RuleHitOut.of(one) for one in found.items], found.next_cursor)


@router.operation(
    "GET",
    "/flags",
    Endpoint(
        returns=Page[FlagOut],
        message="Flags.",
        scope=STAFF,
        gives={"flag_id": "/items/0/id"},
    ),
)
async def list_flags(request: HttpRequest, page: Query[FlagParams]) -> Slice:
    """List flags, newest first, by case, hit or reporter."""
    return await page_of(request, page, records.list_flags, chosen=_chosen(page))


@router.operation(
    "GET",
    "/notes",
    Endpoint(
        returns=Page[NoteOut],
        message="Notes.",
        scope=STAFF,
        gives={"note_id": "/items/0/id"},
    ),
)
async def list_notes(request: HttpRequest, page: Query[NoteParams]) -> Slice:
    """List what staff told each other about cases, newest first, by case or author."""
    return await page_of(request, page, records.list_notes, chosen=_chosen(page))


def _chosen(page: PageParams) -> dict[str, object]:
    return page.model_dump(exclude={"limit", "cursor"})
