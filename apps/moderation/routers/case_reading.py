"""Reading around a case, for programs of staff; what shows words of people is written down."""

from django.http import HttpRequest
from ninja import Query

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.router import ApiRouter, Endpoint
from apps.moderation import errors
from apps.moderation.schemas.case_reading import (
    AddressOut,
    BeyondParams,
    ExchangeOut,
    PersonOut,
    SimilarOut,
    StandingOut,
    TimelineEntryOut,
)
from apps.moderation.schemas.cases import ReasonIn
from apps.moderation.services.desk import case_pages, case_reading, case_subjects, case_texts
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Moderation"])
STAFF = TokenScope.STAFF
NO_CASE = (errors.CaseNotFoundError, errors.OwnCaseError)


@router.operation(
    "GET",
    "/cases/{int:case_id}/exchange",
    Endpoint(
        returns=ExchangeOut,
        message="More of the conversation.",
        scope=STAFF,
        errors=(*NO_CASE, errors.GrantRequiredError),
    ),
)
async def read_more(request: HttpRequest, case_id: int, place: Query[BeyondParams]) -> ExchangeOut:
    """Read on in the conversation of a case that is not closed; that you read it is noted."""
    viewer = caller_of(request).user
    found = await db.call(case_texts.read_more, viewer=viewer, case_id=case_id, beyond=place.beyond)
    return ExchangeOut.of(found)


@router.operation(
    "POST",
    "/cases/{int:case_id}/reveal",
    Endpoint(
        returns=AddressOut,
        message="That you asked is on record.",
        scope=STAFF,
        is_reading=True,
        errors=NO_CASE,
    ),
)
async def reveal_person(request: HttpRequest, case_id: int, payload: ReasonIn) -> AddressOut:
    """Read the address of a case's person, with a reason that is kept."""
    email = await db.call(
        case_subjects.reveal,
        actor=caller_of(request).user,
        case_id=case_id,
        reason=payload.reason,
    )
    return AddressOut(email=email)


@router.operation(
    "GET",
    "/cases/{int:case_id}/person",
    Endpoint(returns=PersonOut, message="The person.", scope=STAFF, errors=NO_CASE),
)
async def read_person(request: HttpRequest, case_id: int) -> PersonOut:
    """Read whom a case is about: how they stand, their points, how other cases of theirs ended."""
    viewer = caller_of(request).user
    return await db.call(
        lambda: PersonOut.of(case_reading.read_person(viewer=viewer, case_id=case_id))
    )


@router.operation(
    "GET",
    "/cases/{int:case_id}/similar",
    Endpoint(returns=list[SimilarOut], message="Similar cases.", scope=STAFF, errors=NO_CASE),
)
async def list_similar_cases(request: HttpRequest, case_id: int) -> object:
    """Read how cases with the same passage, person or rule ended; five at most, the nearest first.

    None of them is about you.
    """
    viewer = caller_of(request).user
    return await db.call(case_reading.read_similar, viewer=viewer, case_id=case_id)


@router.operation(
    "GET",
    "/cases/{int:case_id}/timeline",
    Endpoint(returns=list[TimelineEntryOut], message="Timeline.", scope=STAFF, errors=NO_CASE),
)
async def read_timeline(request: HttpRequest, case_id: int) -> object:
    """Read what happened to a case, newest first, from its flags to its appeals.

    Reasons are left out while you may review its appeal and have not noted your opinion.
    """
    viewer = caller_of(request).user
    return await db.call(case_reading.read_timeline, viewer=viewer, case_id=case_id)


@router.operation(
    "GET",
    "/cases/{int:case_id}/standing",
    Endpoint(returns=StandingOut, message="Who holds it.", scope=STAFF, errors=NO_CASE),
)
async def read_case_standing(request: HttpRequest, case_id: int) -> object:
    """Read who holds a case at the moment, and why you do not decide it, where you do not."""
    viewer = caller_of(request).user
    return await db.call(case_pages.standing_of, viewer=viewer, case_id=case_id)
