"""What programs of staff read of policies and thresholds; the same rights as their pages."""

from __future__ import annotations

from typing import Literal

from django.db.models import QuerySet

from apps.moderation.errors import PolicyNotFoundError, ThresholdNotFoundError
from apps.moderation.models import Policy, PolicyVersion, Threshold
from apps.moderation.querysets import PolicyQuerySet
from apps.moderation.services.cases import cases
from apps.users.models import User

VIEW = "moderation.view_policy"
VIEW_THRESHOLDS = "moderation.view_threshold"
Use = Literal["in_use", "retired", "any"]


def list_policies(*, viewer: User, use: Use = "in_use") -> QuerySet[Policy]:
    """Return policies with their present wording, those in use unless others are asked for.

    Raises:
        ForbiddenError: the viewer may not see policies.
    """
    cases.require(viewer, VIEW)
    rows = _worded()
    if use == "any":
        return rows
    return rows.in_use() if use == "in_use" else rows.retired()


def access_policy(*, viewer: User, policy_id: int) -> Policy:
    """Return one policy with its present wording, in use or not.

    Raises:
        ForbiddenError: the viewer may not see policies.
        PolicyNotFoundError: there is no such policy.
    """
    cases.require(viewer, VIEW)
    policy = _worded().filter(pk=policy_id).first()
    if policy is None:
        raise PolicyNotFoundError
    return policy


def list_versions(*, viewer: User, policy_id: int) -> QuerySet[PolicyVersion]:
    """Return the wordings that a policy has and had.

    Raises:
        ForbiddenError, PolicyNotFoundError: as `access_policy`.
    """
    return access_policy(viewer=viewer, policy_id=policy_id).versions.all()


def list_thresholds(*, viewer: User) -> QuerySet[Threshold]:
    """Return what points bring.

    Raises:
        ForbiddenError: the viewer may not see thresholds.
    """
    cases.require(viewer, VIEW_THRESHOLDS)
    rows: QuerySet[Threshold] = Threshold.objects.all()
    return rows


def access_threshold(*, viewer: User, threshold_id: int) -> Threshold:
    """Return what one number of points brings.

    Raises:
        ForbiddenError: the viewer may not see thresholds.
        ThresholdNotFoundError: there is no such threshold.
    """
    threshold = list_thresholds(viewer=viewer).filter(pk=threshold_id).first()
    if threshold is None:
        raise ThresholdNotFoundError
    return threshold


def _worded() -> PolicyQuerySet:
    return Policy.objects.worded().select_related("current")
