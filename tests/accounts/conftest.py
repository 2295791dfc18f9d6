"""Somebody who owns a little of everything."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from apps.accounts.models import DataExport
from apps.accounts.services import archives, exports, writing
from apps.users.models import User
from tests.factories import PASSWORD, UserFactory


@pytest.fixture
def person(db: None) -> User:
    """Somebody with an account."""
    user: User = UserFactory(name="Uma", email="uma@example.com")
    return user


def confirmed(person: User) -> Client:
    """Return a browser in which the password was just asked again."""
    client = Client()
    client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    return client


def asked(person: User) -> DataExport:
    """Return an export that was just asked for."""
    return async_to_sync(exports.request_export)(actor=person)


def written(person: User) -> DataExport:
    """Return an export that was asked for and written."""
    export = asked(person)
    async_to_sync(writing.write_export)(export_id=export.pk)
    export.refresh_from_db()
    return export


def archive_of(export: DataExport) -> zipfile.ZipFile:
    """Return the archive as a program reads it."""
    data, number = b"", 0
    while (
        piece := archives.read_chunk(export_id=export.pk, attempt=export.attempt, number=number)
    ) is not None:
        data, number = data + piece, number + 1
    assert len(data) == export.size
    return zipfile.ZipFile(io.BytesIO(data))


def read(export: DataExport, name: str) -> Any:
    """Return what a file of the archive holds."""
    return json.loads(archive_of(export).read(name))


def body_of(response: Any) -> bytes:
    """Return a file that is written while it is sent."""

    async def read() -> bytes:
        return b"".join([piece async for piece in response.streaming_content])

    return async_to_sync(read)()
