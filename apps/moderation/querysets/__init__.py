"""Named queries over the rows of moderation: the only way to them.

Each module holds the queries over one family of models, as `models` is split.
"""

from apps.moderation.querysets.appeals import AppealQuerySet
from apps.moderation.querysets.cases import CaseQuerySet, FlagQuerySet, opened_at_once
from apps.moderation.querysets.decisions import EnforcementQuerySet, StrikeQuerySet
from apps.moderation.querysets.policies import PolicyQuerySet

__all__ = [
    "AppealQuerySet",
    "CaseQuerySet",
    "EnforcementQuerySet",
    "FlagQuerySet",
    "PolicyQuerySet",
    "StrikeQuerySet",
    "opened_at_once",
]
