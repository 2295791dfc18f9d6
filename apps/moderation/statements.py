"""SQL by hand: what every message passes, and what every case of a moderator's day is beside."""

from __future__ import annotations

from collections.abc import Collection

from apps.core.postgresql.statements import Row, Statement

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


_SIMILAR = Statement(
    """
    SELECT lane.place, found.* FROM (VALUES
        (0, ARRAY(
            SELECT flag.case_id FROM moderation_flag AS flag WHERE flag.hit_id = ANY(ARRAY(
                SELECT hit.id FROM moderation_rulehit AS hit
                WHERE hit.span_hash = ANY(%(hashes)s::text[]) AND hit.span_hash <> ''
                ORDER BY hit.id DESC LIMIT %(read)s
            ))
        )),
        (1, ARRAY(
            SELECT own.id FROM moderation_case AS own WHERE own.subject_id = %(subject_id)s
            ORDER BY own.id DESC LIMIT %(read)s
        )),
        (2, ARRAY(
            SELECT flag.case_id FROM moderation_flag AS flag WHERE flag.hit_id = ANY(ARRAY(
                SELECT hit.id FROM moderation_rulehit AS hit
                WHERE hit.rule_id = ANY(%(rules)s::bigint[])
                ORDER BY hit.id DESC LIMIT %(read)s
            ))
        ))
    ) AS lane (place, case_ids)
    CROSS JOIN LATERAL (
        SELECT decision.case_id, decision.verdict, coalesce(version.title, ''), decision.created_at
        FROM moderation_decision AS decision
        LEFT JOIN moderation_policyversion AS version ON version.id = decision.policy_version_id
        WHERE decision.case_id = ANY(lane.case_ids) AND decision.case_id <> %(case_id)s
            AND NOT decision.is_undo AND NOT EXISTS (
                SELECT FROM moderation_decision AS later WHERE later.supersedes_id = decision.id
            )
        ORDER BY decision.id DESC LIMIT %(shown)s
    ) AS found
    ORDER BY lane.place, found.created_at DESC
    """
)


def similar_decisions(
    *,
    case_id: int,
    subject_id: int,
    hashes: Collection[str],
    rules: Collection[int],
    read: int,
    shown: int,
) -> list[Row]:
    """Return the newest decisions that hold in cases like one, by what they share.

    The newest rows of each lane are found once, and their decisions by an index of theirs.

    Args:
        case_id: the case, which is left out.
        subject_id: whom it is about.
        hashes: of the passages that rules found in it.
        rules: that found something in it.
        read: how many of the newest rows of a lane are looked at.
        shown: how many decisions a lane returns.

    Returns:
        Lane (0 the same passage, 1 the same person, 2 the same rule), case, verdict, the policy's
        title and the time of each.
    """
    return _SIMILAR.rows(
        case_id=case_id,
        subject_id=subject_id,
        hashes=list(hashes),
        rules=list(rules),
        read=read,
        shown=shown,
    )
