"""The audit record for programs of staff: the same right as its list in the admin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.audit import services as audit
from apps.audit.querysets import AuditEventQuerySet
from apps.moderation.services.cases import cases
from apps.users.models import User

VIEW = "audit.view_auditevent"


def list_events(*, viewer: User, chosen: Mapping[str, Any]) -> AuditEventQuerySet:
    """Return who did what, by action, actor and target; nothing that others did to the viewer.

    Args:
        viewer: a member of staff who may read the record.
        chosen: as `AuditEventQuerySet.asked_for` takes them.

    Raises:
        ForbiddenError: the viewer may not read the record.
    """
    cases.require(viewer, VIEW)
    return audit.list_events_for(viewer=viewer).asked_for(**chosen)
