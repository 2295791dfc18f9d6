"""The catalogue follows the settings where nothing else is configured, and is live everywhere."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps.llm.errors import VersionIsFinalError
from apps.llm.models import Assistant, AssistantVersion, ChatModel, Provider
from apps.llm.services import catalogue, keys

pytestmark = pytest.mark.django_db


def test_with_nothing_configured_the_settings_are_the_catalogue(settings: Settings) -> None:
    settings.OPENAI_BASE_URL = "http://127.0.0.1:1/v1/"
    settings.SYSTEM_PROMPT = "Be brief."
    known = catalogue.read()
    (assistant,) = known.assistants
    (model,) = known.chain(assistant.version.model_id)
    provider = known.providers[model.provider_id]
    assert known.default is assistant
    assert assistant.group_ids is None
    assert (model.code, model.name, model.label) == ("scripted", "scripted", "scripted")
    assert (provider.base_url, provider.api_key) == ("http://127.0.0.1:1/v1", "for-tests-only")
    version = assistant.version
    assert (version.system_prompt, version.temperature) == ("Be brief.", 0.7)
    assert (version.max_prompt_tokens, version.max_completion_tokens) == (4000, None)


def test_other_settings_are_another_version_and_the_former_ones_are_the_former(
    settings: Settings,
) -> None:
    first = catalogue.read().default.version
    settings.SYSTEM_PROMPT = "Be brief."
    second = catalogue.read().default.version
    settings.SYSTEM_PROMPT = AssistantVersion.objects.get(pk=first.id).system_prompt
    assert catalogue.read().default.version.id == first.id
    assert (second.number, second.system_prompt) == (2, "Be brief.")
    assert AssistantVersion.objects.count() == 2
    assert Provider.objects.count() == ChatModel.objects.count() == Assistant.objects.count() == 1


def test_what_is_known_is_not_asked_for_again_within_a_second() -> None:
    known = catalogue.read()
    with CaptureQueriesContext(connection) as queries:
        assert catalogue.read() is known
    assert len(queries) == 0


def test_a_look_at_an_unchanged_catalogue_is_one_query() -> None:
    known = catalogue.read()
    with CaptureQueriesContext(connection) as queries:
        assert catalogue.load(known) is known
    assert len(queries) == 1


def test_a_change_is_seen_at_the_next_look() -> None:
    known = catalogue.read()
    Provider.objects.update(is_enabled=False)
    changed = catalogue.load(known)
    assert changed is not known
    assert not changed.models[known.default.version.model_id].is_usable


def test_a_former_version_is_found_though_nobody_asks_with_it(settings: Settings) -> None:
    former = catalogue.read().default.version
    settings.SYSTEM_PROMPT = "Be brief."
    assert catalogue.version_of(catalogue.read(), former.id) == former


def test_a_version_is_never_changed_by_any_way() -> None:
    catalogue.read()
    version = AssistantVersion.objects.get()
    version.system_prompt = "Another one."
    with pytest.raises(VersionIsFinalError):
        version.save()
    with pytest.raises(VersionIsFinalError):
        version.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        AssistantVersion.objects.update(system_prompt="Another one.")


def test_a_key_opens_for_its_address_only() -> None:
    sealed = keys.seal(key="sk-secret", url="https://models.example/v1")
    assert "sk-secret" not in sealed
    assert keys.unseal(sealed, url="https://models.example/v1") == "sk-secret"
    with pytest.raises(keys.KeyUnreadableError):
        keys.unseal(sealed, url="https://evil.example/v1")


def test_a_key_outlives_a_new_secret_key_while_the_former_is_named(settings: Settings) -> None:
    sealed = keys.seal(key="sk-secret", url="https://models.example/v1")
    former, settings.SECRET_KEY = settings.SECRET_KEY, "another-secret-of-fifty-characters-and-more"
    with pytest.raises(keys.KeyUnreadableError):
        keys.unseal(sealed, url="https://models.example/v1")
    settings.SECRET_KEY_FALLBACKS = [former]
    assert keys.unseal(sealed, url="https://models.example/v1") == "sk-secret"


def test_a_key_of_the_environment_goes_to_the_address_beside_it_only(settings: Settings) -> None:
    settings.LLM_KEYS = {"MISTRAL": ("https://mistral.example/v1", "sk-mistral")}
    assert keys.key_of_environment("MISTRAL", url="https://mistral.example/v1") == "sk-mistral"
    for name, url in (("MISTRAL", "https://evil.example/v1"), ("SECRET", "https://a.example")):
        with pytest.raises(keys.KeyUnreadableError):
            keys.key_of_environment(name, url=url)
