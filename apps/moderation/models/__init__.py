"""The rows of moderation: policies, rules, cases, decisions."""

from apps.moderation.models.cases import Case, CaseSnapshot, Flag, Note
from apps.moderation.models.decisions import (
    Appeal,
    Decision,
    Enforcement,
    Notice,
    Strike,
    Threshold,
)
from apps.moderation.models.desk import SavedView, StaffPreference
from apps.moderation.models.grants import AccessGrant
from apps.moderation.models.policies import Policy, PolicyVersion
from apps.moderation.models.reopenings import CaseReopening
from apps.moderation.models.rules import (
    BackTest,
    BackTestMatch,
    Rule,
    RuleDay,
    RuleDayPerson,
    RuleHit,
    RuleVersion,
)

__all__ = [
    "AccessGrant",
    "Appeal",
    "BackTest",
    "BackTestMatch",
    "Case",
    "CaseReopening",
    "CaseSnapshot",
    "Decision",
    "Enforcement",
    "Flag",
    "Note",
    "Notice",
    "Policy",
    "PolicyVersion",
    "Rule",
    "RuleDay",
    "RuleDayPerson",
    "RuleHit",
    "RuleVersion",
    "SavedView",
    "StaffPreference",
    "Strike",
    "Threshold",
]
