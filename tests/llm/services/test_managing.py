"""Admins manage the catalogue: reasons, records, keys that never come out, rules of the default."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps.audit.models import AuditEvent
from apps.core.errors import ForbiddenError, ValidationFailedError
from apps.llm import errors
from apps.llm.models import Assistant, ChatModel, Provider
from apps.llm.services import assistants, catalogue, chat_models, keys, providers
from apps.users.models import User
from tests.conversations.test_leases import Meanwhile
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

KEY = "sk-that-nobody-may-read"
URL = "https://models.example/v1"
LIMITS = providers.Limits(max_concurrency=2, max_waiting=10, max_wait_seconds=5)
WHY = "We need it."


@pytest.fixture
def admin() -> User:
    made: User = UserFactory(admin=True)
    return made


@pytest.fixture
def provider(admin: User) -> Provider:
    made = providers.create_provider(
        actor=admin, code="one", name="One", base_url=URL + "/", limits=LIMITS, reason=WHY
    )
    return providers.set_key(actor=admin, provider_id=made.pk, key=KEY, reason=WHY)


@pytest.fixture
def model(admin: User, provider: Provider) -> ChatModel:
    return chat_models.create_model(
        actor=admin,
        provider_id=provider.pk,
        code="one-large",
        description=chat_models.Description(name="large-2026", label="Large"),
        reason=WHY,
    )


@pytest.fixture
def assistant(admin: User, model: ChatModel) -> Assistant:
    return assistants.create_assistant(
        actor=admin,
        presentation=assistants.Presentation(name="Helper"),
        instructions=assistants.Instructions(chat_model_id=model.pk, system_prompt="Help."),
        reason=WHY,
    )


def test_a_stored_key_is_used_and_is_in_no_row_record_or_log(
    admin: User, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        known = catalogue.read().providers[provider.pk]
    assert (known.base_url, known.api_key) == (URL, KEY)
    assert KEY not in repr(known)
    assert KEY not in caplog.text + str([vars(record) for record in caplog.records])
    with connection.cursor() as cursor:
        for table in ("llm_provider", "audit_auditevent"):
            cursor.execute(f"SELECT string_agg(to_jsonb(r)::text, '') FROM {table} AS r")
            assert KEY not in cursor.fetchone()[0]


def test_another_address_forgets_the_key(admin: User, provider: Provider) -> None:
    moved = providers.change_provider(
        actor=admin,
        provider_id=provider.pk,
        name="One",
        base_url="https://elsewhere.example/v1",
        limits=LIMITS,
        reason=WHY,
    )
    assert (moved.key_source, moved.sealed_key, moved.key_variable) == ("none", "", "")
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.data["key_forgotten"]) == ("provider.changed", True)


def test_the_same_address_and_another_name_keep_the_key(admin: User, provider: Provider) -> None:
    providers.change_provider(
        actor=admin, provider_id=provider.pk, name="Uno", base_url=URL, limits=LIMITS, reason=WHY
    )
    catalogue.forget()
    assert catalogue.read().providers[provider.pk].api_key == KEY


def test_a_key_of_the_environment_is_named_and_bound_to_its_address(
    admin: User, provider: Provider, settings: Settings
) -> None:
    settings.LLM_KEYS = {"ONE": (URL, "sk-one"), "OTHER": ("https://other.example", "sk-other")}
    providers.set_key(actor=admin, provider_id=provider.pk, variable="ONE", reason=WHY)
    assert catalogue.read().providers[provider.pk].api_key == "sk-one"
    for variable in ("OTHER", "SECRET_KEY", "DATABASE_URL"):
        with pytest.raises(ValidationFailedError):
            providers.set_key(actor=admin, provider_id=provider.pk, variable=variable, reason=WHY)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://models.example",
        "https://",
        "https://user:password@models.example/v1",
        "https://models.example/v1?key=1",
        "https://models.example/v1#part",
        "https://models.example/v 1",
        "file:///etc/passwd",
    ],
)
def test_no_other_address_than_a_plain_one_is_taken(admin: User, url: str) -> None:
    with pytest.raises(ValidationFailedError):
        providers.create_provider(
            actor=admin, code="two", name="Two", base_url=url, limits=LIMITS, reason=WHY
        )


def test_what_follows_the_settings_is_changed_there(admin: User, model: ChatModel) -> None:
    catalogue.read()
    followed = Provider.objects.get(follows_settings=True)
    own = Assistant.objects.get(follows_settings=True)
    instructions = assistants.Instructions(chat_model_id=model.pk)
    with pytest.raises(errors.FollowsSettingsError):
        providers.set_key(actor=admin, provider_id=followed.pk, key=KEY, reason=WHY)
    with pytest.raises(errors.FollowsSettingsError):
        assistants.write_version(
            actor=admin, assistant_id=own.pk, instructions=instructions, reason=WHY
        )


def test_a_new_version_is_what_is_asked_with_from_now_on(
    admin: User, model: ChatModel, assistant: Assistant
) -> None:
    first = assistant.current_id
    version = assistants.write_version(
        actor=admin,
        assistant_id=assistant.pk,
        instructions=assistants.Instructions(
            chat_model_id=model.pk, system_prompt="Help more.", temperature=0.2
        ),
        reason=WHY,
    )
    assert (version.number, version.created_by_id) == (2, admin.pk)
    live = {one.id: one for one in catalogue.read().assistants}[assistant.pk]
    assert (live.version.system_prompt, live.version.temperature) == ("Help more.", 0.2)
    assert first is not None
    assert catalogue.version_of(catalogue.read(), first).system_prompt == "Help."


def test_the_default_is_on_and_for_everybody(admin: User, assistant: Assistant) -> None:
    group = Group.objects.get(name="moderator")
    only = assistants.Presentation(name="Helper", group_ids=[group.pk])
    catalogue.read()
    assistants.make_default(actor=admin, assistant_id=assistant.pk, reason=WHY)
    assert Assistant.objects.get(is_default=True) == assistant
    with pytest.raises(errors.DefaultAssistantError):
        assistants.set_enabled(actor=admin, assistant_id=assistant.pk, is_enabled=False, reason=WHY)
    with pytest.raises(errors.DefaultAssistantError):
        assistants.change_assistant(
            actor=admin, assistant_id=assistant.pk, presentation=only, reason=WHY
        )
    own = Assistant.objects.get(follows_settings=True)
    assistants.change_assistant(
        actor=admin, assistant_id=own.pk, presentation=only_named(own, group), reason=WHY
    )
    with pytest.raises(ValidationFailedError):
        assistants.make_default(actor=admin, assistant_id=own.pk, reason=WHY)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_a_default_at_once_the_later_holds(
    admin: User, assistant: Assistant, model: ChatModel
) -> None:
    catalogue.read()
    other = assistants.create_assistant(
        actor=admin,
        presentation=assistants.Presentation(name="Other"),
        instructions=assistants.Instructions(chat_model_id=model.pk),
        reason=WHY,
    )
    with transaction.atomic():
        assistants.make_default(actor=admin, assistant_id=assistant.pk, reason=WHY)
        later = Meanwhile(
            lambda: assistants.make_default(actor=admin, assistant_id=other.pk, reason=WHY)
        )
    later.join()
    assert Assistant.objects.get(is_default=True) == other


def only_named(row: Assistant, group: Group) -> assistants.Presentation:
    return assistants.Presentation(name=row.name, group_ids=[group.pk])


def test_fallbacks_are_other_models_each_once(
    admin: User, model: ChatModel, settings: Settings
) -> None:
    catalogue.read()
    for codes in (["one-large"], ["environment", "environment"], ["nobody"]):
        with pytest.raises(ValidationFailedError):
            chat_models.set_fallbacks(actor=admin, model_id=model.pk, codes=codes, reason=WHY)
    chat_models.set_fallbacks(actor=admin, model_id=model.pk, codes=["environment"], reason=WHY)
    catalogue.forget()
    assert [one.code for one in catalogue.read().chain(model.pk)] == ["one-large", "scripted"]
    named = [settings.OPENAI_MODEL]
    chat_models.set_fallbacks(actor=admin, model_id=model.pk, codes=named, reason=WHY)
    assert [one.fallback.follows_settings for one in model.fallbacks.all()] == [True]


def test_a_switch_writes_its_own_field_and_the_moment_alone(
    admin: User, provider: Provider, model: ChatModel, assistant: Assistant
) -> None:
    with CaptureQueriesContext(connection) as queries:
        providers.set_enabled(actor=admin, provider_id=provider.pk, is_enabled=False, reason=WHY)
        chat_models.set_enabled(actor=admin, model_id=model.pk, is_enabled=False, reason=WHY)
        assistants.set_enabled(actor=admin, assistant_id=assistant.pk, is_enabled=False, reason=WHY)
    updates = [one["sql"] for one in queries if one["sql"].startswith("UPDATE")]
    assert [sql.count(" = ") for sql in updates] == [3, 3, 3]
    assert AuditEvent.objects.filter(data={"is_enabled": False}).count() == 3


@pytest.mark.parametrize("role", ["moderator", "nobody"])
def test_only_admins_manage_the_catalogue(
    provider: Provider, model: ChatModel, assistant: Assistant, role: str
) -> None:
    actor = UserFactory(moderator=role == "moderator")
    before = AuditEvent.objects.count()
    presentation = assistants.Presentation(name="Mine")
    instructions = assistants.Instructions(chat_model_id=model.pk)
    description = chat_models.Description(name="x", label="x")
    number = {"provider_id": provider.pk}
    who = {"actor": actor, "reason": WHY}
    for attempt in (
        lambda: providers.create_provider(code="x", name="x", base_url=URL, limits=LIMITS, **who),
        lambda: providers.change_provider(**number, name="x", base_url=URL, limits=LIMITS, **who),
        lambda: providers.set_key(**number, key="x", **who),
        lambda: providers.set_enabled(**number, is_enabled=False, **who),
        lambda: providers.close_breaker(**number, **who),
        lambda: chat_models.create_model(**number, code="x", description=description, **who),
        lambda: chat_models.change_model(model_id=model.pk, description=description, **who),
        lambda: chat_models.set_enabled(model_id=model.pk, is_enabled=False, **who),
        lambda: chat_models.set_fallbacks(model_id=model.pk, codes=[], **who),
        lambda: assistants.create_assistant(
            presentation=presentation, instructions=instructions, **who
        ),
        lambda: assistants.write_version(
            assistant_id=assistant.pk, instructions=instructions, **who
        ),
        lambda: assistants.change_assistant(
            assistant_id=assistant.pk, presentation=presentation, **who
        ),
        lambda: assistants.set_enabled(assistant_id=assistant.pk, is_enabled=False, **who),
        lambda: assistants.make_default(assistant_id=assistant.pk, **who),
    ):
        with pytest.raises(ForbiddenError):
            attempt()
    assert AuditEvent.objects.count() == before


def test_every_change_asks_for_a_reason(admin: User, provider: Provider) -> None:
    for attempt in (
        lambda: providers.set_key(actor=admin, provider_id=provider.pk, key=KEY, reason=" "),
        lambda: providers.close_breaker(actor=admin, provider_id=provider.pk, reason=""),
    ):
        with pytest.raises(ValidationFailedError):
            attempt()
    assert keys.unseal(Provider.objects.get(pk=provider.pk).sealed_key, url=URL) == KEY


WATCHER = """
import os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
import django
django.setup()
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
from apps.llm.services import catalogue
print(catalogue.read().default.name, flush=True)
sys.stdin.readline()
began = time.monotonic()
while catalogue.read().default.name != "Renamed" and time.monotonic() - began < 10:
    time.sleep(0.02)
print(time.monotonic() - began, flush=True)
"""


@pytest.mark.django_db(transaction=True)
def test_a_change_is_live_in_another_process_within_two_seconds() -> None:
    name = str(connection.settings_dict["NAME"])
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", WATCHER, name]
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    ) as watcher:
        assert watcher.stdin is not None
        assert watcher.stdout is not None
        assert watcher.stdout.readline() == "Assistant\n"
        admin = UserFactory(admin=True)
        catalogue.read()
        assistants.change_assistant(
            actor=admin,
            assistant_id=Assistant.objects.get().pk,
            presentation=assistants.Presentation(name="Renamed"),
            reason=WHY,
        )
        watcher.stdin.write("go\n")
        watcher.stdin.flush()
        assert float(watcher.stdout.readline()) < 2.0
