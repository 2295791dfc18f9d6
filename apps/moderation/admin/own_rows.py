"""Staff see no records about themselves: what is known of them, they hear as everybody does."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.core.admin_kit.model_admin import StaffModelAdmin

if TYPE_CHECKING:
    from apps.moderation.querysets.base import SubjectQuerySet
    from apps.users.models import User

M = TypeVar("M", bound=Model)


class RecordAdmin(StaffModelAdmin[M]):
    """Records of moderation, without those about the viewer, on the list and by their address."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """Return the rows that are about somebody else."""
        rows = cast("SubjectQuerySet[M]", super().get_queryset(request))
        return rows.not_about(cast("User", request.user))
