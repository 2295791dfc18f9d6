"""What a person owns beside conversations, as files of their export: what they may see, no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson
from django.db.models import Model
from django.utils.translation import gettext, gettext_noop

from apps.accounts.constants import ROWS_PER_STEP
from apps.conversations.models import Feedback
from apps.conversations.services import deleting, shares
from apps.core.querysets import NumberedQuerySet
from apps.llm.models import UsageRecord
from apps.llm.services import money, quota_setting
from apps.moderation.services.cases import readings, reports
from apps.moderation.services.decisions import inbox
from apps.users.models import ApiToken, Restriction, User
from apps.users.querysets.framework import second_factors_of
from apps.users.services import access, sessions

FILES = (
    (
        "account.json",
        gettext_noop("who you are here, how you sign in, what was decided about your account"),
    ),
    (
        "conversations/",
        gettext_noop("each conversation: .md is the branch that is shown, .json is every branch"),
    ),
    ("feedback.json", gettext_noop("what you thought of answers")),
    ("reports.json", gettext_noop("what you reported, with your words and what came of it")),
    ("shares.json", gettext_noop("your shared links; their addresses are not kept")),
    ("notices.json", gettext_noop("what you were told of decisions, with your appeals")),
    (
        "readings.json",
        gettext_noop("who of the staff asked to read your conversations, when and why"),
    ),
    ("usage.json", gettext_noop("each call to a model that was made for you")),
    ("tokens.json", gettext_noop("your API tokens, without their secrets, with their limits")),
)
Rows = Iterator[dict[str, Any]]


def files_of(user: User) -> list[tuple[str, Iterable[bytes]]]:
    """Return the files beside the conversations; each is read from the database while written."""
    listed: tuple[tuple[str, Callable[[User], Rows]], ...] = (
        ("feedback.json", _feedback),
        ("reports.json", _reports),
        ("shares.json", _shares),
        ("notices.json", _notices),
        ("readings.json", _readings),
        ("usage.json", _usage),
        ("tokens.json", _tokens),
    )
    return [
        ("README.txt", [_readme().encode()]),
        ("account.json", [_write(_account(user))]),
        *((name, _as_list(rows(user))) for name, rows in listed),
    ]


def _readme() -> str:
    first = gettext("Everything that you own here, as you may see it yourself.")
    last = gettext(
        "What staff hid or policy withheld is not in it; the sentence that says so is. "
        "Times are UTC."
    )
    rows = "".join(f"{name:<20}{gettext(words)}\n" for name, words in FILES)
    return f"{first}\n\n{rows}\n{last}\n"


def _account(user: User) -> dict[str, Any]:
    standing, until = access.standing_of(user)
    return {
        "id": user.pk,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "duties": user.duties,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "uses_shortcuts": user.uses_shortcuts,
        "standing": standing.value,
        "standing_until": until,
        "addresses": [
            {"email": row.email, "is_verified": row.verified, "is_primary": row.primary}
            for row in user.emailaddress_set.order_by("pk")  # type: ignore[attr-defined]
        ],
        "second_factors": [
            {"kind": row.type, "created_at": row.created_at, "last_used_at": row.last_used_at}
            for row in second_factors_of(user).order_by("pk")
        ],
        "sign_ins": [
            {
                "browser": row.label,
                "address": row.address,
                "began_at": row.began_at,
                "seen_at": row.seen_at,
            }
            for row in sessions.list_kept(user=user)
        ],
        "restrictions": [
            {
                "kind": row.kind,
                "reason": row.reason_for_user,
                "created_at": row.created_at,
                "ends_at": row.ends_at,
                "lifted_at": row.lifted_at,
            }
            for row in _by_number(Restriction.objects.of_user(user))
        ],
    }


def _feedback(user: User) -> Rows:
    kept = deleting.list_kept(viewer=user)
    for row in _by_number(Feedback.objects.within(kept)):
        yield {
            "message_id": row.pk,
            "rating": row.rating,
            "reason": row.reason,
            "updated_at": row.updated_at,
        }


def _reports(user: User) -> Rows:
    for row in _by_number(reports.list_reports(viewer=user)):
        yield {
            "id": row.pk,
            "message_id": row.message_id,
            "reason": row.reason,
            "comment": row.comment,
            "outcome": row.outcome,
            "created_at": row.created_at,
        }


def _shares(user: User) -> Rows:
    for row in _by_number(shares.list_shares(viewer=user)):
        yield {
            "id": row.pk,
            "conversation_id": row.conversation_id,
            "title": row.display_title,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "revoked_at": row.revoked_at,
            "is_revoked_by_staff": row.is_revoked_by_staff,
            "reason_for_user": row.reason_for_user,
            "view_count": row.view_count,
        }


def _notices(user: User) -> Rows:
    for row in _by_number(inbox.list_notices(viewer=user)):
        appeal = getattr(row, "appeal", None)
        yield {
            "id": row.pk,
            "kind": row.kind,
            "title": row.title,
            "body": row.body,
            "conversation_id": row.conversation_id,
            "message_id": row.message_id,
            "created_at": row.created_at,
            "read_at": row.read_at,
            "appeal_until": row.appeal_until,
            "appeal": None
            if appeal is None
            else {
                "id": appeal.pk,
                "text": appeal.text,
                "state": appeal.state,
                "created_at": appeal.created_at,
                "decided_at": appeal.decided_at,
            },
        }


def _readings(user: User) -> Rows:
    before: int | None = None
    while found := readings.list_readings(viewer=user, before=before):
        for row in found:
            yield {
                "conversation_id": row.conversation_id,
                "conversation_title": row.conversation_title,
                "reader": row.reader,
                "reason": row.reason,
                "allowed_from": row.opened_at,
                "allowed_until": row.ended_at,
                "ended_early": row.is_ended_early,
                "read_at": list(readings.times_of(row)),
                "only_passages": row.is_passages,
            }
        before = found[-1].grant_id


def _usage(user: User) -> Rows:
    for row in _by_number(UsageRecord.objects.of_user(user.pk)):
        yield {
            "id": row.pk,
            "created_at": row.created_at,
            "purpose": row.purpose,
            "model": row.model,
            "prompt_tokens": row.prompt_tokens,
            "completion_tokens": row.completion_tokens,
            "cost": None if row.cost_nano is None else money.plain(row.cost_nano),
            "token_id": row.api_token_id,
        }


def _tokens(user: User) -> Rows:
    for row in _by_number(ApiToken.objects.owned_by(user).defer("token_hash")):
        yield {
            "id": row.pk,
            "name": row.name,
            "begins_with": row.hint,
            "scopes": row.scopes,
            "allowed_models": row.allowed_models,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "last_used_at": row.last_used_at,
            "revoked_at": row.revoked_at,
            "made_with": row.made_by_name,
            "limits": [
                {"unit": one.unit, "period": one.period, "amount": one.amount, "hard": one.is_hard}
                for one in quota_setting.list_token_quotas(api_token_id=row.pk)
            ],
        }


def _by_number(rows: NumberedQuerySet[Any]) -> Iterator[Any]:
    """Return all rows by their number, a bounded step at a time."""
    after, ordered = 0, rows.order_by("pk")
    while found := list(ordered.after_number(after)[:ROWS_PER_STEP]):
        yield from found
        last: Model = found[-1]
        after = int(last.pk)


def _as_list(rows: Rows) -> Iterator[bytes]:
    separator = b"[\n"
    for row in rows:
        yield separator + orjson.dumps(row)
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


def _write(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n"
