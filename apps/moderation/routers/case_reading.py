"""Reading around a case, for programs of staff: each of it is written down."""

from django.http import HttpRequest
from ninja import Query

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.router import ApiRouter, Endpoint
from apps.moderation import errors
from apps.moderation.schemas.case_reading import AddressOut, BeyondParams, ExchangeOut
from apps.moderation.schemas.cases import ReasonIn
from apps.moderation.services import case_subjects, case_texts
from apps.users.constants import TokenScope

router = ApiRouter(tags=["Moderation"])
STAFF = TokenScope.STAFF


@router.operation(
    "GET",
    "/cases/{int:case_id}/exchange",
    Endpoint(
        returns=ExchangeOut,
        message="More of the conversation.",
        scope=STAFF,
        errors=(errors.CaseNotFoundError, errors.GrantRequiredError),
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
        errors=(errors.CaseNotFoundError,),
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
