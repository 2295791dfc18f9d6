"""Every operation of the document, asked by everybody; a refusal changes no row of any table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from asgiref.sync import async_to_sync
from django.db import connection, transaction

from apps.core.api.auth import BearerToken
from apps.core.api.document import operations
from apps.users.constants import Standing, TokenScope
from project.api import api, openai_api
from tests.api.conftest import Program
from tests.api.matrix import MATRIX, Row
from tests.api.scene import Scene, make_scene

APIS = (api, openai_api)
OPERATIONS = {
    operation["operationId"]: (method.upper(), path)
    for one in APIS
    for path, method, operation in operations(one.get_openapi_schema())
}
SCOPES = {
    operation.operation_id: callback.scope
    for one in APIS
    for router in one._get_bound_routers()
    for view in router.path_operations.values()
    for operation in view.operations
    for callback in operation.auth_callbacks
    if isinstance(callback, BearerToken)
}
REFUSED_FOR_ALL = {
    "anonymous": "unauthorized",
    "revoked": "invalid_token",
    "expired": "invalid_token",
    "scopeless": "missing_scope",
    "suspended": "account_suspended",
}
SETTLING = ("last_used_at",)


@pytest.fixture
def scene(db: None) -> Scene:
    return make_scene()


def content_of(tables: list[str]) -> str:
    """Return one word for the content of tables; when a token was last used may change."""
    left_out = "".join(f" - '{column}'" for column in SETTLING)
    parts = [
        f"SELECT '{name}' AS name, md5(string_agg(row, '' ORDER BY row)) AS sum FROM "
        f"(SELECT (to_jsonb(t){left_out})::text AS row FROM {connection.ops.quote_name(name)} t) r"
        for name in tables
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts) + " ORDER BY name")
        return repr(cursor.fetchall())


def written() -> set[tuple[str, int]]:
    """Return how often this transaction has written to each table, undone attempts included."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
            " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
        )
        return set(cursor.fetchall())


def ask(scene: Scene, program: Program, name: str, row: Row) -> int | str:
    """Ask and return the cell; what was done is undone, and a refusal must have done nothing."""
    method, path = OPERATIONS[name]
    body = row.body
    if isinstance(body, dict):
        body = {key: scene.numbers.get(str(value), value) for key, value in body.items()}
    numbers = scene.numbers | {name: scene.numbers[value] for name, value in row.named.items()}
    url = path.format_map(numbers) + row.query
    before = written()
    with transaction.atomic():
        answered = async_to_sync(program.call)(method, url, body)
        cell: int | str = answered.status_code
        touched = sorted(table for table, _ in written() - before)
        left_behind = content_of(touched) if touched else ""
        transaction.set_rollback(True)
    if answered.status_code >= 400:
        told = orjson.loads(answered.content)
        cell = told.get("code") or told["error"]["code"]
        if touched and cell not in row.keeps:
            assert left_behind == content_of(touched), "a refusal changes nothing"
    return cell


def other_scopes(name: str) -> list[str]:
    """Return every scope but the one that the operation asks for."""
    needed = SCOPES.get(name, TokenScope.ACCOUNT)
    return [scope for scope in TokenScope.values if scope != needed]


@pytest.mark.parametrize("name", OPERATIONS)
def test_everybody_gets_what_the_matrix_says(scene: Scene, name: str) -> None:
    assert name in MATRIX, "Write a row for the new operation."
    row = MATRIX[name]
    scene.callers["scopeless"] = Program(scene.owner, scopes=other_scopes(name))
    found = {who: ask(scene, scene.callers[who], name, row) for who, _ in cells(row)}
    scene.owner.standing = Standing.RESTRICTED
    scene.owner.save()
    found["restricted"] = ask(scene, scene.callers["owner"], name, row)
    assert found == {**dict(cells(row)), "restricted": row.restricted}


def cells(row: Row) -> Iterator[tuple[str, Any]]:
    """Yield caller and expected cell, refusals first."""
    for who, code in REFUSED_FOR_ALL.items():
        yield who, row.owner if row.is_open else code
    yield from (
        ("stranger", row.stranger),
        ("moderator", row.moderator),
        ("admin", row.admin),
        ("owner", row.owner),
    )


def test_no_row_is_stale() -> None:
    assert set(MATRIX) == set(OPERATIONS)
