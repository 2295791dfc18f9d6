"""Staff see no records about themselves: what is known of them, they hear as everybody does."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from apps.core.admin_kit.model_admin import StaffModelAdmin

M = TypeVar("M", bound=Model)


class RecordAdmin(StaffModelAdmin[M]):
    """Records of moderation, without those about the viewer, on the list and by their address.

    Attributes:
        person_path: the path from a row to the person it is about.
    """

    person_path: ClassVar[str] = "subject"

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """Return the rows that are about somebody else."""
        return super().get_queryset(request).exclude(**{self.person_path: request.user.pk})
