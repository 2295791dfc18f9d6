"""How rows of other tables name people."""

from __future__ import annotations

from django.db.models import OuterRef, Subquery

from apps.users.models import User


def name_of(column: str) -> Subquery:
    """Return the name of whoever a column points at; nothing where the account is gone."""
    return Subquery(User.objects.filter(pk=OuterRef(column)).values("name")[:1])
