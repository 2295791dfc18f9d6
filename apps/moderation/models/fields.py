"""Columns and rows that outlive what they are about."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models


def lasting_key(to: str, **options: Any) -> models.ForeignKey[Any, Any]:  # noqa: ANN401
    """Return a reference that neither keeps its target from being removed nor is blanked by it.

    The record says what was done even when the message or the account is gone; whoever follows the
    reference must expect to find nothing.
    """
    return models.ForeignKey(
        to, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", **options
    )


def actor_key(**options: Any) -> models.ForeignKey[Any, Any]:  # noqa: ANN401
    """Return a reference to a person who acted; kept when their account is deleted."""
    return lasting_key(settings.AUTH_USER_MODEL, **options)
