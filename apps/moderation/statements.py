"""SQL that every message passes: whether the rules changed, and the count of a rule's day."""

from __future__ import annotations

from apps.core.postgresql.statements import Statement

_REVISION = Statement(
    """
    SELECT md5(coalesce(string_agg(
        concat_ws(':', rule.id, rule.xmin, policy.xmin), ',' ORDER BY rule.id
    ), ''))
    FROM moderation_rule AS rule JOIN moderation_policy AS policy ON policy.id = rule.policy_id
    WHERE rule.mode <> 'off'
    """
)


def rules_revision() -> str:
    """Return a word that changes with every change of a rule that is not off, or of its policy."""
    row = _REVISION.row()
    return str(row[0]) if row is not None else ""


_TAKE = Statement(
    """
    INSERT INTO moderation_ruleday AS day (rule_id, day, acted)
    VALUES (%(rule_id)s, CURRENT_DATE, 1)
    ON CONFLICT (rule_id, day) DO UPDATE SET acted = day.acted + 1
        WHERE day.acted < %(daily_cap)s
    RETURNING acted
    """
)


def take_from_day(*, rule_id: int, daily_cap: int) -> bool:
    """Count one more for a rule today, unless its cap is used up; nobody can count past it."""
    return _TAKE.row(rule_id=rule_id, daily_cap=daily_cap) is not None
