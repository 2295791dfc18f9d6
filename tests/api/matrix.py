"""Who gets what answer from every operation: one row each, read by test_authorisation.

A cell is the status, or for a refusal its code. The columns that are the same for all operations
(no token, a token that is over or was made for something else, a suspended owner) have no cells.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """What the callers of one operation are answered.

    Attributes:
        owner: whose account, conversation, notice or token it is.
        stranger: somebody else.
        moderator: somebody else who is a moderator.
        admin: somebody else who is an admin.
        restricted: the owner, while they may read and not write.
        body: what is sent.
        is_open: whether it takes no token at all.
        keeps: refusals that leave a row: that an admin asked in somebody's name stays in the audit.
    """

    owner: int | str
    stranger: int | str
    moderator: int | str
    admin: int | str
    restricted: int | str
    body: Any = None
    is_open: bool = False
    keeps: tuple[str, ...] = ()


MATRIX: dict[str, Row] = {
    "list_models": Row(200, 200, 200, 200, 200),
    "create_token": Row(201, 201, 201, 201, 201, body={"name": "x", "scopes": ["chat"]}),
    "list_tokens": Row(200, 200, 200, 200, 200),
    "revoke_token": Row(200, "token_not_found", "token_not_found", 200, 200),
    "create_user": Row(
        201,
        201,
        201,
        201,
        201,
        body={"email": "new@example.com", "name": "New", "password": "Correct-horse-1"},
        is_open=True,
    ),
    "list_users": Row("role_required", "role_required", "role_required", 200, "role_required"),
    "read_own_user": Row(200, 200, 200, 200, 200),
    "read_user": Row(200, "user_not_found", "user_not_found", 200, 200),
    "update_user": Row(200, "user_not_found", "user_not_found", 200, 200, body={"name": "Other"}),
    "delete_user": Row(200, "user_not_found", "user_not_found", 200, 200),
    "chat": Row(
        "conversation_not_found",
        "forbidden",
        "forbidden",
        "conversation_not_found",
        "account_restricted",
        body={"message": "Hello", "conversation_id": 10**9},
        keeps=("conversation_not_found",),
    ),
    "create_conversation": Row(201, 201, 201, 201, 201, body={"title": "Mine"}),
    "list_conversations": Row(200, 200, 200, 200, 200),
    "read_conversation": Row(
        200, "conversation_not_found", "conversation_not_found", "conversation_not_found", 200
    ),
    "update_conversation": Row(
        200,
        "conversation_not_found",
        "conversation_not_found",
        "conversation_not_found",
        200,
        body={"title": "Changed"},
    ),
    "delete_conversation": Row(
        200, "conversation_not_found", "conversation_not_found", "conversation_not_found", 200
    ),
    "list_messages": Row(
        200, "conversation_not_found", "conversation_not_found", "conversation_not_found", 200
    ),
    "send_message": Row(
        202,
        "conversation_not_found",
        "conversation_not_found",
        "conversation_not_found",
        "account_restricted",
        body={"content": "Hello"},
    ),
    "read_message": Row(200, "message_not_found", "message_not_found", "message_not_found", 200),
    "follow_reply": Row(200, "message_not_found", "message_not_found", "message_not_found", 200),
    "stop_reply": Row(200, "message_not_found", "message_not_found", "message_not_found", 200),
    "regenerate_reply": Row(
        202, "message_not_found", "message_not_found", "message_not_found", "account_restricted"
    ),
    "list_versions": Row(200, "message_not_found", "message_not_found", "message_not_found", 200),
    "show_branch": Row(200, "message_not_found", "message_not_found", "message_not_found", 200),
    "rate_answer": Row(
        200,
        "message_not_found",
        "message_not_found",
        "message_not_found",
        200,
        body={"rating": "good"},
    ),
    "report_message": Row(
        201,
        "message_not_found",
        "message_not_found",
        "message_not_found",
        201,
        body={"reason": "harassment"},
    ),
    "list_notices": Row(200, 200, 200, 200, 200),
    "read_standing": Row(200, 200, 200, 200, 200),
    "list_readings": Row(200, 200, 200, 200, 200),
    "read_notice": Row(200, "notice_not_found", "notice_not_found", "notice_not_found", 200),
    "submit_appeal": Row(
        "appeal_not_possible",
        "notice_not_found",
        "notice_not_found",
        "notice_not_found",
        "appeal_not_possible",
        body={"text": "Why?"},
    ),
    "withdraw_appeal": Row(200, "notice_not_found", "notice_not_found", "notice_not_found", 200),
    "list_cases": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "take_next_case": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "read_case": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "claim_case": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "release_case": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "take_over_case": Row(
        "forbidden", "forbidden", "forbidden", 200, "forbidden", body={"reason": "The shift ended."}
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
    "list_flags": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "list_policies": Row("forbidden", "forbidden", 200, 200, "forbidden"),
    "list_appeals": Row("forbidden", "forbidden", 200, 200, "forbidden"),
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
    "revoke_grant": Row("forbidden", "forbidden", 200, 200, "forbidden"),
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
}

ROWLESS = {
    "update_token",
    "restore_conversation",
    "search",
    "export_conversation",
    "create_share",
    "list_shares",
    "revoke_share",
    "read_own_usage",
    "read_usage_of",
    "create_service_account",
    "list_service_accounts",
    "read_service_account",
    "update_service_account",
    "create_service_token",
    "list_service_tokens",
    "list_rules",
    "create_rule",
    "read_rule",
    "list_rule_versions",
    "create_rule_version",
    "set_mode",
    "try_rule",
    "read_scorecard",
    "list_history",
    "list_back_tests",
    "start_back_test",
    "read_back_test",
    "cancel_back_test",
    "list_matches",
    "label_match",
}
"""Operations whose columns of rights are tested elsewhere; here only what is the same for all."""
