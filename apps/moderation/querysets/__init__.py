"""Named queries over the rows of moderation: the only way to them.

Each module holds the queries over one family of models, as `models` is split.
"""

from apps.moderation.querysets.appeals import AppealQuerySet
from apps.moderation.querysets.cases import CaseQuerySet, FlagQuerySet, opened_at_once
from apps.moderation.querysets.decisions import (
    DecisionQuerySet,
    EnforcementQuerySet,
    NoticeQuerySet,
    StrikeQuerySet,
    ThresholdQuerySet,
)
from apps.moderation.querysets.grants import AccessGrantQuerySet
from apps.moderation.querysets.policies import PolicyQuerySet

__all__ = [
    "AccessGrantQuerySet",
    "AppealQuerySet",
    "CaseQuerySet",
    "DecisionQuerySet",
    "EnforcementQuerySet",
    "FlagQuerySet",
    "NoticeQuerySet",
    "PolicyQuerySet",
    "StrikeQuerySet",
    "ThresholdQuerySet",
    "opened_at_once",
]
