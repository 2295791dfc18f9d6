"""A client that a generator makes of the committed document works with the running site."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from apps.core.development.state import CHECKOUT
from apps.core.management.commands.export_openapi import SNAPSHOT
from tests.journey.person import PASSWORD
from tests.support.processes import Site
from tests.support.upstream_frames import answer_text

PACKAGE = "generated_parley_client"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The client, made of the committed document and imported."""
    folder = tmp_path_factory.mktemp("client")
    command = [
        str(Path(sys.executable).with_name("openapi-python-client")),
        "generate",
        f"--path={Path(CHECKOUT) / SNAPSHOT}",
        "--meta=none",
        f"--output-path={folder / PACKAGE}",
        f"--config={folder / 'config.yaml'}",
    ]
    (folder / "config.yaml").write_text("post_hooks: []\nliteral_enums: true\n")
    made = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "warning" not in made.stdout.lower(), made.stdout
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(PACKAGE)
    finally:
        sys.path.remove(str(folder))


class Made:
    """The generated operations and models, by name."""

    def __init__(self, package: ModuleType, address: str, token: str = "") -> None:
        self.models = importlib.import_module(f"{package.__name__}.models")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.client = package.Client(
            base_url=address, headers=headers, httpx_args={"trust_env": False}, timeout=30
        )

    def call(self, group: str, operation: str, *path: int, **given: Any) -> Any:
        """Call an operation and return what came, read into its generated class."""
        module = importlib.import_module(f"{PACKAGE}.api.{group}.{operation}")
        try:
            answered = module.sync_detailed(*path, client=self.client, **given)
        finally:
            self.client.get_httpx_client().close()
            self.client.set_httpx_client(None)
        assert answered.parsed is not None, answered.content
        return answered.parsed


def test_the_main_journey_by_a_generated_client(site: Site, generated: ModuleType) -> None:
    nobody = Made(generated, site.web.url)
    models = nobody.models
    email = "generated@example.com"
    account = models.UserCreateIn(email=email, name="Gen", password=PASSWORD)
    made = nobody.call("users", "create_user", body=account)
    assert (made.data.email, made.status_code) == (email, 201)
    wanted = models.TokenCreateIn(name="generated", email=email, password=PASSWORD)
    token = nobody.call("tokens", "create_token", body=wanted).data.token

    mine = Made(generated, site.web.url, token)
    opened = mine.call(
        "conversations", "create_conversation", body=models.ConversationCreateIn(title="Made")
    )
    turn = mine.call(
        "conversations",
        "send_message",
        opened.data.id,
        body=models.MessageCreateIn(content="[[stream tokens=12 rate=200]]"),
        idempotency_key="generated-1",
    ).data
    with httpx.stream(
        "GET",
        f"{site.web.url}/api/v1/messages/{turn.reply.id}/events",
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=30,
    ) as events:
        assert "event: reply.finished" in events.read().decode()
    answer = mine.call("messages", "read_message", turn.reply.id).data
    assert (answer.content, answer.reply.state) == (answer_text(12), "complete")
    listed = mine.call("conversations", "list_messages", opened.data.id, order="newest", limit=1)
    assert [message.id for message in listed.data.items] == [turn.reply.id]
    assert listed.data.next_cursor is not None
    missing = mine.call("conversations", "read_conversation", 10**9)
    assert (type(missing).__name__, missing.code) == ("ErrorEnvelope", "conversation_not_found")
