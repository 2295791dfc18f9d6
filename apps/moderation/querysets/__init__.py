"""Named queries over the rows of moderation: the only way to them.

Each module holds the queries over one family of models, as `models` is split.
"""

from apps.moderation.querysets.appeals import AppealQuerySet
from apps.moderation.querysets.case_parts import CaseSnapshotQuerySet, NoteQuerySet
from apps.moderation.querysets.cases import CaseQuerySet
from apps.moderation.querysets.decisions import (
    DecisionQuerySet,
    EnforcementQuerySet,
    NoticeQuerySet,
    StrikeQuerySet,
    ThresholdQuerySet,
)
from apps.moderation.querysets.desk import SavedViewQuerySet
from apps.moderation.querysets.figures import CaseReopeningQuerySet, StaffReadingQuerySet
from apps.moderation.querysets.flags import FlagQuerySet
from apps.moderation.querysets.grants import AccessGrantQuerySet, readable_by
from apps.moderation.querysets.policies import PolicyQuerySet
from apps.moderation.querysets.rules import (
    BackTestMatchQuerySet,
    BackTestQuerySet,
    RuleDayPersonQuerySet,
    RuleHitQuerySet,
    RuleQuerySet,
)

__all__ = [
    "AccessGrantQuerySet",
    "AppealQuerySet",
    "BackTestMatchQuerySet",
    "BackTestQuerySet",
    "CaseQuerySet",
    "CaseReopeningQuerySet",
    "CaseSnapshotQuerySet",
    "DecisionQuerySet",
    "EnforcementQuerySet",
    "FlagQuerySet",
    "NoteQuerySet",
    "NoticeQuerySet",
    "PolicyQuerySet",
    "RuleDayPersonQuerySet",
    "RuleHitQuerySet",
    "RuleQuerySet",
    "SavedViewQuerySet",
    "StaffReadingQuerySet",
    "StrikeQuerySet",
    "ThresholdQuerySet",
    "readable_by",
]
