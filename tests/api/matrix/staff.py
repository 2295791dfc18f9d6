"""What everybody is answered by the operations of staff."""

from tests.api.matrix.row import Row

VERSION = {
    "title": "No spam",
    "text_for_users": "Do not send spam.",
    "guidance": "",
    "good_example": "",
    "bad_example": "",
    "reason_template": "",
    "severity": 1,
    "strike_points": 1,
    "sla_minutes": 60,
    "shortcut": None,
    "reason": "Clearer.",
}
REASON = {"reason": "A mistake."}


def for_leads(
    answer: int | str = 200, body: object = None, *, refused: str = "forbidden", query: str = ""
) -> Row:
    """Return the row of what a moderator may not do and an admin, who is a lead too, may."""
    return Row(refused, refused, refused, answer, refused, body=body, query=query)


STAFF: dict[str, Row] = {
    "list_cases": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "take_next_case": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_case": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_more": Row("forbidden", "forbidden", 200, 200, "forbidden", query="?beyond=1"),
    "reveal_person": Row(
        "forbidden", "forbidden", "forbidden", 200, "forbidden", body={"reason": "A threat."}
    ),
    "claim_case": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "release_case": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "take_over_case": Row(
        "forbidden", "forbidden", "forbidden", 200, "forbidden", body={"reason": "The shift ended."}
    ),
    "reassign_case": for_leads(
        "validation_failed", {"user_id": 1_000_000, "reason": "The shift ended."}
    ),
    "write_note": Row("forbidden", "forbidden", 201, 201, "forbidden", body={"text": "A note."}),
    "preview_decision": Row(
        "forbidden", "forbidden", 200, 200, "forbidden", body={"verdict": "no_violation"}
    ),
    "decide_case": Row(
        "forbidden",
        "forbidden",
        "case_changed",
        "case_changed",
        "forbidden",
        body={"verdict": "no_violation", "version": 1},
    ),
    "undo_decision": Row(
        "forbidden",
        "forbidden",
        "forbidden",
        "appeal_pending",
        "forbidden",
        body={"reason": "A mistake."},
    ),
    "hide_message": Row(
        "forbidden",
        "forbidden",
        "grant_required",
        "grant_required",
        "forbidden",
        body={"policy": "insults", "reason": "An insult."},
    ),
    "flag_message": Row(
        "forbidden",
        "forbidden",
        "grant_required",
        "grant_required",
        "forbidden",
        body={"reason": "Is this an insult?"},
    ),
    "act_on_person": Row(
        "forbidden",
        "forbidden",
        201,
        201,
        "forbidden",
        body={
            "kind": "warn",
            "policy": "insults",
            "reason": "Ten accounts.",
            "reason_for_user": "You made ten accounts.",
        },
    ),
    "lift_from_person": Row(
        "forbidden",
        "forbidden",
        "standing_conflict",
        "standing_conflict",
        "forbidden",
        body={"reason": "They wrote to us."},
    ),
    "decide_batch": Row(
        "forbidden",
        "forbidden",
        "forbidden",
        200,
        "forbidden",
        body={"verdict": "no_violation", "cases": [{"case_id": 1, "version": 1}]},
    ),
    "undo_batch": Row(
        "forbidden",
        "forbidden",
        "forbidden",
        "batch_not_found",
        "forbidden",
        body={"reason": "A mistake."},
    ),
    "preview_batch": for_leads(200, {"cases": [{"case_id": 1, "version": 1}]}),
    "read_batch": for_leads("batch_not_found"),
    "read_person": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "list_similar_cases": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_timeline": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_case_standing": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "export_cases": for_leads(200),
    "list_views": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "count_views": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "save_view": Row(
        "forbidden", "forbidden", 200, 200, "forbidden", body={"name": "Late", "filters": {}}
    ),
    "delete_view": Row("forbidden", "forbidden", 200, "saved_view_not_found", "forbidden"),
    "read_preference": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "set_preference": Row(
        "forbidden", "forbidden", 200, 200, "forbidden", body={"collapse_from": 2}
    ),
    "list_flags": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "list_decisions": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "list_enforcements": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "list_strikes": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "list_sent_notices": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "list_hits": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "list_notes": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_flag": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_decision": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_enforcement": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_strike": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_sent_notice": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_hit": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_note": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "list_policies": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_policy": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "list_policy_versions": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "create_policy": for_leads(201, {**VERSION, "code": "spam"}),
    "create_policy_version": for_leads(201, VERSION),
    "retire_policy": for_leads("policy_in_use", REASON),
    "reinstate_policy": for_leads(200, REASON),
    "list_thresholds": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_threshold": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "set_threshold": for_leads(
        200, {"points": 4, "consequence": "warn", "hours": None, "reason": "Sooner."}
    ),
    "remove_threshold": for_leads(200, REASON),
    "list_appeals": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_appeal": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "note_first_opinion": Row(
        "forbidden",
        "forbidden",
        "forbidden",
        "case_not_claimed",
        "forbidden",
        body={"verdict": "no_violation"},
    ),
    "decide_appeal": Row(
        "forbidden",
        "forbidden",
        "forbidden",
        "case_changed",
        "forbidden",
        body={"version": 1, "outcome": "upheld", "reason": "So."},
    ),
    "open_grant": Row(
        "forbidden",
        "forbidden",
        201,
        201,
        "forbidden",
        body={"conversation_id": "conversation_id", "reason": "A look."},
    ),
    "list_grants": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "revoke_grant": Row("forbidden", "forbidden", 200, "validation_failed", "forbidden"),
    "end_grant": Row("forbidden", "forbidden", 200, 200, "forbidden", body=REASON),
    "create_webhook": Row(
        "forbidden",
        "forbidden",
        "forbidden",
        201,
        "forbidden",
        body={"url": "https://example.com/hook", "event_types": ["case.opened"]},
    ),
    "list_webhooks": Row("forbidden", "forbidden", "forbidden", 200, "forbidden"),
    "read_webhook": Row("forbidden", "forbidden", "forbidden", 200, "forbidden"),
    "update_webhook": Row(
        "forbidden", "forbidden", "forbidden", 200, "forbidden", body={"description": "Other"}
    ),
    "delete_webhook": Row("forbidden", "forbidden", "forbidden", 200, "forbidden"),
    "rotate_webhook_secret": Row("forbidden", "forbidden", "forbidden", 200, "forbidden", body={}),
    "test_webhook": Row("forbidden", "forbidden", "forbidden", 202, "forbidden"),
    "list_webhook_deliveries": Row("forbidden", "forbidden", "forbidden", 200, "forbidden"),
    "redeliver_failed": Row(
        "forbidden",
        "forbidden",
        "forbidden",
        200,
        "forbidden",
        body={"since": "2026-01-31T09:30:00Z"},
    ),
    "redeliver_one": Row(
        "forbidden", "forbidden", "forbidden", "delivery_pending", "forbidden", body={}
    ),
    "create_service_account": Row(
        "role_required", "role_required", "role_required", 201, "role_required", body={"name": "X"}
    ),
    "list_service_accounts": Row(
        "role_required", "role_required", "role_required", 200, "role_required"
    ),
    "read_service_account": Row(
        "role_required", "role_required", "role_required", 200, "role_required"
    ),
    "update_service_account": Row(
        "role_required",
        "role_required",
        "role_required",
        200,
        "role_required",
        body={"name": "Other"},
    ),
    "create_service_token": Row(
        "role_required", "role_required", "role_required", 201, "role_required", body={"name": "X"}
    ),
    "list_service_tokens": Row(
        "role_required", "role_required", "role_required", 200, "role_required"
    ),
    "list_rules": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "create_rule": Row(
        "forbidden",
        "forbidden",
        "forbidden",
        201,
        "forbidden",
        body={
            "name": "X",
            "kind": "keyword",
            "stage": "input",
            "applies_to": "user",
            "policy": "insults",
            "configuration": {"terms": ["x"]},
        },
    ),
    "read_rule": Row("rule_not_found", "rule_not_found", 200, 200, "rule_not_found"),
    "list_rule_versions": Row("rule_not_found", "rule_not_found", 200, 200, "rule_not_found"),
    "create_rule_version": Row(
        "forbidden",
        "forbidden",
        "forbidden",
        201,
        "forbidden",
        body={"configuration": {"terms": ["x"]}},
    ),
    "set_mode": Row("forbidden", "forbidden", "forbidden", 200, "forbidden", body={"mode": "off"}),
    "set_limits": Row(
        "forbidden",
        "forbidden",
        "forbidden",
        200,
        "forbidden",
        body={"action": "block", "on_error": "open", "daily_cap": 5, "expires_at": None},
    ),
    "read_queue_figures": Row("forbidden", "forbidden", "forbidden", 200, "forbidden"),
    "export_figures": for_leads(query="?figure=queue.flow"),
    "export_rule_figures": for_leads(query="?figure=days"),
    "read_decision_figures": Row("forbidden", "forbidden", "forbidden", 200, "forbidden"),
    "read_guard_figures": Row("forbidden", "forbidden", "forbidden", 200, "forbidden"),
    "read_care_figures": Row("forbidden", "forbidden", "forbidden", 200, "forbidden"),
    "read_rule_figures": Row("forbidden", "forbidden", "forbidden", 200, "forbidden"),
    "list_audit": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_audit_event": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "try_rule": Row(
        "rule_not_found", "rule_not_found", 200, 200, "rule_not_found", body={"text": "x"}
    ),
    "read_scorecard": Row("rule_not_found", "rule_not_found", 200, 200, "rule_not_found"),
    "list_history": Row("rule_not_found", "rule_not_found", 200, 200, "rule_not_found"),
    "list_back_tests": Row("rule_not_found", "rule_not_found", 200, 200, "rule_not_found"),
    "start_back_test": Row(
        "forbidden",
        "forbidden",
        "forbidden",
        202,
        "forbidden",
        body={"version_id": "version_id"},
    ),
    "read_back_test": Row(
        "back_test_not_found", "back_test_not_found", 200, 200, "back_test_not_found"
    ),
    "cancel_back_test": Row("forbidden", "forbidden", "forbidden", 200, "forbidden"),
    "list_matches": Row(
        "back_test_not_found", "back_test_not_found", 200, 200, "back_test_not_found"
    ),
    "read_next_passage": Row("forbidden", "forbidden", "forbidden", 200, "forbidden"),
    "label_match": Row(
        "forbidden",
        "forbidden",
        "forbidden",
        "passage_not_read",
        "forbidden",
        body={"is_violation": True},
    ),
}
