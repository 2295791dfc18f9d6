"""The staff's daily work: the queue, the page of a case, rules, looking things up, and figures."""

from apps.moderation.admin import (
    back_tests,
    case_records,
    dashboard,
    decision_records,
    grant_records,
    people_records,
    policy_pages,
    queue_page,
    rules,
    threshold_pages,
)

__all__ = [
    "back_tests",
    "case_records",
    "dashboard",
    "decision_records",
    "grant_records",
    "people_records",
    "policy_pages",
    "queue_page",
    "rules",
    "threshold_pages",
]
