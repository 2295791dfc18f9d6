"""What points bring until a lead decides otherwise."""

from __future__ import annotations

from django.db import transaction

from apps.moderation.constants import EnforcementKind
from apps.moderation.models import Threshold

STEPS = (
    (3, EnforcementKind.WARN, None),
    (6, EnforcementKind.RESTRICT, 24),
    (10, EnforcementKind.SUSPEND, 7 * 24),
)


@transaction.atomic
def install() -> int:
    """Add the steps where there is no threshold at all; returns how many were added."""
    if Threshold.objects.exists():
        return 0
    for points, consequence, hours in STEPS:
        Threshold.objects.create(points=points, consequence=consequence, hours=hours)
    return len(STEPS)
