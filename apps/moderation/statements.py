"""SQL by hand: what every message passes, and what every case of a moderator's day is beside."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

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


_COUNTED = Statement(
    """
    SELECT FROM moderation_ruledayperson AS person
    JOIN moderation_ruleday AS day ON day.id = person.rule_day_id
    WHERE day.rule_id = %(rule_id)s AND day.day = CURRENT_DATE AND person.person_id = %(person_id)s
    """
)
_LOCK_DAY = Statement(
    """
    INSERT INTO moderation_ruleday AS day (rule_id, day, acted)
    VALUES (%(rule_id)s, CURRENT_DATE, 0)
    ON CONFLICT (rule_id, day) DO UPDATE SET acted = day.acted
    RETURNING id
    """
)
_TAKE = Statement(
    """
    WITH person AS (
        INSERT INTO moderation_ruledayperson (rule_day_id, person_id)
        SELECT id, %(person_id)s FROM moderation_ruleday
        WHERE id = %(day_id)s AND acted < %(daily_cap)s
        ON CONFLICT DO NOTHING
        RETURNING rule_day_id
    )
    UPDATE moderation_ruleday SET acted = acted + 1 FROM person WHERE id = person.rule_day_id
    """
)


def is_counted_today(*, rule_id: int, person_id: int) -> bool:
    """Tell whether a person is counted against a rule's cap of today already."""
    return _COUNTED.row(rule_id=rule_id, person_id=person_id) is not None


def take_from_day(*, rule_id: int, person_id: int, daily_cap: int) -> bool:
    """Count one more person for a rule today, unless its cap is used up; nobody counts past it.

    The caller has opened a transaction, whose lock makes others wait who hit the same rule.
    """
    row = _LOCK_DAY.row(rule_id=rule_id)
    day_id = row[0] if row is not None else None
    if _TAKE.run(day_id=day_id, person_id=person_id, daily_cap=daily_cap):
        return True
    return is_counted_today(rule_id=rule_id, person_id=person_id)


_TEXTS_OF_RULES = Statement(
    """
    SELECT
        rule_id, count(*) FILTER (WHERE is_found), count(*) FILTER (WHERE is_acted_on),
        sum(errors), sum(timeouts), coalesce(sum(latency_us), 0), coalesce(max(latency_us), 0)
    FROM (
        SELECT
            rule_id, bool_or(outcome <> 'error') AS is_found,
            bool_or(outcome IN ('flagged', 'enforced')) AS is_acted_on,
            count(*) FILTER (WHERE outcome = 'error') AS errors,
            count(*) FILTER (WHERE outcome = 'error' AND latency_us >= %(timeout_us)s) AS timeouts,
            max(latency_us) FILTER (WHERE outcome <> 'error') AS latency_us
        FROM moderation_rulehit WHERE created_at >= %(since)s
        GROUP BY rule_id, coalesce(message_id, -id)
    ) AS text
    GROUP BY rule_id
    """
)


def texts_of_rules(*, since: datetime, timeout_us: int) -> list[Row]:
    """Return what rules did since a moment; a text counts once, however often a rule hits it.

    Args:
        since: the moment.
        timeout_us: a failed check that took as long was given up on.

    Returns:
        Rule, texts in which it found something, texts that it acted on, failed checks, those of
        them that were given up on, and the sum and the most of the texts' longest checks, in
        microseconds.
    """
    return _TEXTS_OF_RULES.rows(since=since, timeout_us=timeout_us)


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
            ) AND NOT EXISTS (
                SELECT FROM moderation_case AS own
                WHERE own.id = decision.case_id AND own.subject_id = %(viewer_id)s
            )
        ORDER BY decision.id DESC LIMIT %(shown)s
    ) AS found
    ORDER BY lane.place, found.created_at DESC
    """
)


def similar_decisions(
    *,
    viewer_id: int,
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
        viewer_id: who looks; cases about them are left out.
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
        viewer_id=viewer_id,
        case_id=case_id,
        subject_id=subject_id,
        hashes=list(hashes),
        rules=list(rules),
        read=read,
        shown=shown,
    )
