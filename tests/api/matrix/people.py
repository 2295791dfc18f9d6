"""What everybody is answered by the operations that are for everybody."""

from tests.api.matrix.row import Row

PEOPLE: dict[str, Row] = {
    "list_models": Row(200, 200, 200, 200, 200),
    "create_token": Row(201, 201, 201, 201, 201, body={"name": "x", "scopes": ["chat"]}),
    "list_tokens": Row(200, 200, 200, 200, 200),
    "read_token": Row(200, "token_not_found", "token_not_found", 200, 200),
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
    "update_token": Row(
        200, "token_not_found", "token_not_found", "token_not_found", 200, body={"name": "Other"}
    ),
    "restore_conversation": Row(
        200,
        "conversation_not_found",
        "conversation_not_found",
        "conversation_not_found",
        200,
        named={"conversation_id": "deleted_id"},
    ),
    "search": Row(200, 200, 200, 200, 200, query="?q=question"),
    "export_conversation": Row(
        200, "conversation_not_found", "conversation_not_found", "conversation_not_found", 200
    ),
    "create_share": Row(
        201,
        "conversation_not_found",
        "conversation_not_found",
        "conversation_not_found",
        "account_restricted",
        body={"expires_in_days": 7},
    ),
    "list_shares": Row(200, 200, 200, 200, 200),
    "revoke_share": Row(200, "share_not_found", "share_not_found", "share_not_found", 200),
    "read_own_usage": Row(200, 200, 200, 200, 200),
    "read_usage_of": Row(200, "user_not_found", "user_not_found", 200, 200),
    "request_export": Row("export_in_progress", 202, 202, 202, "export_in_progress"),
    "read_export": Row(200, "export_not_found", "export_not_found", "export_not_found", 200),
    "download_export": Row(
        "export_not_ready",
        "export_not_found",
        "export_not_found",
        "export_not_found",
        "export_not_ready",
    ),
    "list_token_limits": Row(
        200,
        "token_not_found",
        "token_not_found",
        "token_not_found",
        200,
        named={"token_id": "limited_id"},
    ),
    "set_token_limit": Row(
        200,
        "token_not_found",
        "token_not_found",
        "token_not_found",
        200,
        body={"unit": "tokens", "period": "day", "amount": "80"},
        named={"token_id": "limited_id"},
    ),
    "end_token_limit": Row(
        200,
        "token_not_found",
        "token_not_found",
        "token_not_found",
        200,
        named={"token_id": "limited_id"},
    ),
}
