from django.http import HttpRequest
from ninja import Query

from apps.core import db
from apps.core.api.auth import caller_of
from apps.core.api.etags import precondition
from apps.core.api.pagination import Slice, paginate
from apps.core.api.router import ApiRouter, Endpoint
from apps.core.api.schemas import Page, PageParams
from apps.webhooks.constants import STAFF_SCOPE
from apps.webhooks.errors import (
    DeliveryNotFoundError,
    DeliveryPendingError,
    SecretOverlapError,
    WebhookDisabledError,
    WebhookLimitError,
    WebhookNotFoundError,
)
from apps.webhooks.schemas import (
    DeliveryListParams,
    DeliveryOut,
    RedeliveredOut,
    RedeliverIn,
    WebhookCreateIn,
    WebhookOut,
    WebhookReasonIn,
    WebhookUpdateIn,
    WebhookWithSecretOut,
)
from apps.webhooks.services import deliveries, endpoints
from apps.webhooks.services.endpoints import WithSecret

router = ApiRouter(tags=["Webhooks"])
MOVES = {"failing_since", "accepted_at"}


@router.operation(
    "POST",
    "",
    Endpoint(
        returns=WebhookWithSecretOut,
        message="Keep this secret: it is shown once.",
        scope=STAFF_SCOPE,
        status=201,
        is_secret=True,
        errors=(WebhookLimitError,),
        tagged_as=WebhookOut,
        untagged=MOVES,
        gives={"webhook_id": "/id"},
    ),
)
async def create_webhook(request: HttpRequest, payload: WebhookCreateIn) -> WebhookWithSecretOut:
    """Have an address told of events, as an admin."""
    actor = caller_of(request).user
    return _shown(await db.call(endpoints.create_endpoint, actor=actor, **payload.model_dump()))


@router.operation(
    "GET",
    "",
    Endpoint(
        returns=Page[WebhookOut],
        message="Webhooks.",
        scope=STAFF_SCOPE,
        gives={"webhook_id": "/items/0/id"},
    ),
)
async def list_webhooks(request: HttpRequest, page: Query[PageParams]) -> Slice:
    """List the webhooks, newest first."""
    rows = await db.call(endpoints.list_endpoints, viewer=caller_of(request).user)
    return await paginate(rows, page, order=("-id",))


@router.operation(
    "GET",
    "/{int:webhook_id}",
    Endpoint(
        returns=WebhookOut,
        message="Webhook.",
        scope=STAFF_SCOPE,
        errors=(WebhookNotFoundError,),
        untagged=MOVES,
    ),
)
async def read_webhook(request: HttpRequest, webhook_id: int) -> object:
    """Read one webhook."""
    viewer = caller_of(request).user
    return await db.call(endpoints.access_endpoint, viewer=viewer, endpoint_id=webhook_id)


@router.operation(
    "PATCH",
    "/{int:webhook_id}",
    Endpoint(
        returns=WebhookOut,
        message="Saved.",
        scope=STAFF_SCOPE,
        errors=(WebhookNotFoundError,),
        is_conditional=True,
        untagged=MOVES,
    ),
)
async def update_webhook(request: HttpRequest, webhook_id: int, payload: WebhookUpdateIn) -> object:
    """Change a webhook, or switch it on or off; what waits for one that is off waits on."""
    return await db.call(
        endpoints.change_endpoint,
        actor=caller_of(request).user,
        endpoint_id=webhook_id,
        changes=payload.changes(),
        reason=payload.reason,
        precondition=precondition(request, WebhookOut, untagged=MOVES),
    )


@router.operation(
    "DELETE",
    "/{int:webhook_id}",
    Endpoint(
        returns=None,
        message="Webhook removed.",
        scope=STAFF_SCOPE,
        errors=(WebhookNotFoundError,),
        is_conditional=True,
    ),
)
async def delete_webhook(request: HttpRequest, webhook_id: int) -> None:
    """Remove a webhook; what waits for it is given up."""
    await db.call(
        endpoints.remove_endpoint,
        actor=caller_of(request).user,
        endpoint_id=webhook_id,
        precondition=precondition(request, WebhookOut, untagged=MOVES),
    )


@router.operation(
    "POST",
    "/{int:webhook_id}/secret",
    Endpoint(
        returns=WebhookWithSecretOut,
        message="Keep this secret: it is shown once.",
        scope=STAFF_SCOPE,
        is_secret=True,
        errors=(WebhookNotFoundError, SecretOverlapError),
        tagged_as=WebhookOut,
        untagged=MOVES,
    ),
)
async def rotate_webhook_secret(
    request: HttpRequest, webhook_id: int, payload: WebhookReasonIn
) -> WebhookWithSecretOut:
    """Give a webhook another secret; the former one signs beside it for a day, once a day."""
    made = await db.call(
        endpoints.rotate_secret,
        actor=caller_of(request).user,
        endpoint_id=webhook_id,
        reason=payload.reason,
    )
    return _shown(made)


@router.operation(
    "POST",
    "/{int:webhook_id}/test",
    Endpoint(
        returns=DeliveryOut,
        message="A test event is on its way.",
        scope=STAFF_SCOPE,
        status=202,
        errors=(WebhookNotFoundError, WebhookDisabledError),
    ),
)
async def test_webhook(request: HttpRequest, webhook_id: int) -> object:
    """Send a webhook a test event."""
    actor = caller_of(request).user
    return await db.call(deliveries.send_test, actor=actor, endpoint_id=webhook_id)


@router.operation(
    "GET",
    "/{int:webhook_id}/deliveries",
    Endpoint(
        returns=Page[DeliveryOut],
        message="Deliveries.",
        scope=STAFF_SCOPE,
        errors=(WebhookNotFoundError,),
        gives={"delivery_id": "/items/0/id"},
    ),
)
async def list_webhook_deliveries(
    request: HttpRequest, webhook_id: int, page: Query[DeliveryListParams]
) -> Slice:
    """List what a webhook was or will be told, newest first."""
    found = await db.call(
        deliveries.list_deliveries,
        viewer=caller_of(request).user,
        endpoint_id=webhook_id,
        state=page.state or "",
    )
    return await paginate(found, page, order=("-id",))


@router.operation(
    "POST",
    "/{int:webhook_id}/redeliver",
    Endpoint(
        returns=RedeliveredOut,
        message="They wait again.",
        scope=STAFF_SCOPE,
        errors=(WebhookNotFoundError, WebhookDisabledError),
    ),
)
async def redeliver_failed(
    request: HttpRequest, webhook_id: int, payload: RedeliverIn
) -> RedeliveredOut:
    """Tell a webhook once more of all since a moment that was given up."""
    count = await db.call(
        deliveries.redeliver_failed,
        actor=caller_of(request).user,
        endpoint_id=webhook_id,
        since=payload.since,
        reason=payload.reason,
    )
    return RedeliveredOut(count=count)


@router.operation(
    "POST",
    "/deliveries/{int:delivery_id}/redeliver",
    Endpoint(
        returns=None,
        message="It waits again.",
        scope=STAFF_SCOPE,
        errors=(DeliveryNotFoundError, DeliveryPendingError, WebhookDisabledError),
    ),
)
async def redeliver_one(request: HttpRequest, delivery_id: int, payload: WebhookReasonIn) -> None:
    """Tell a webhook of one event once more, under the same id."""
    await db.call(
        deliveries.redeliver,
        actor=caller_of(request).user,
        delivery_id=delivery_id,
        reason=payload.reason,
    )


def _shown(made: WithSecret) -> WebhookWithSecretOut:
    shown = WebhookOut.model_validate(made.endpoint).model_dump()
    return WebhookWithSecretOut(**shown, secret=made.secret)
