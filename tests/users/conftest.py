"""The cast: a person, a stranger, a moderator and an admin."""

from typing import Any

import pytest
from pytest_django import Settings

from apps.audit.models import AuditEvent
from apps.users.models import User
from tests.factories import UserFactory


@pytest.fixture
def person(db: None) -> User:
    return UserFactory(name="Uma", email="uma@example.com")


@pytest.fixture
def stranger(db: None) -> User:
    return UserFactory(name="Sam", email="sam@example.com")


@pytest.fixture
def moderator(db: None) -> User:
    return UserFactory(name="Mo", email="mo@example.com", moderator=True)


@pytest.fixture
def admin(db: None) -> User:
    return UserFactory(name="Ada", email="ada@example.com", admin=True)


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """What open pages would hear, by person; the channel layer's own tests are elsewhere."""
    heard: list[tuple[int, str]] = []

    def announce(user_id: int, event: dict[str, Any]) -> None:
        heard.append((user_id, event["type"]))

    monkeypatch.setattr("apps.core.realtime.groups.announce", announce)
    return heard


@pytest.fixture
def mail_configured(settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


def audited() -> list[tuple[str, str, int]]:
    """Return who did what to whom, oldest first."""
    return list(AuditEvent.objects.order_by("id").values_list("actor_label", "action", "target_id"))
