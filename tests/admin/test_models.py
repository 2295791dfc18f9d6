"""The pages of the catalogue: written by admins, a key that never comes back, a model tried."""

from __future__ import annotations

import re
import time

import pytest
from django.contrib import admin as django_admin
from django.test import Client
from pytest_django import Settings

from apps.audit.models import AuditEvent
from apps.core.admin_kit.display import EMPTY
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.llm.admin.provider_health import asked_again, worst_badge
from apps.llm.errors import ModelsPausedError
from apps.llm.models import Assistant, ChatModel, Provider, UsageRecord
from apps.llm.services import catalogue, pauses
from apps.llm.services.health import Health
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_frames import answer_text

pytestmark = pytest.mark.django_db
KEY = "sk-typed-into-a-page"
URL = "https://models.example/v1"
PROVIDER = {
    "code": "one",
    "name": "One",
    "base_url": URL,
    "max_concurrency": "3",
    "max_waiting": "10",
    "max_wait_seconds": "5",
    "reason": "We need it.",
}
NEW_PROVIDER = "/admin/llm/provider/new/"


def url_of(row: Provider | ChatModel | Assistant, name: str = "change") -> str:
    subject = django_admin.site._registry[type(row)]
    assert isinstance(subject, StaffModelAdmin)
    return subject.url_of(row.pk, name)


def test_an_admin_adds_provider_key_model_and_assistant(as_admin: Client) -> None:
    catalogue.read()
    added = as_admin.post(NEW_PROVIDER, PROVIDER)
    provider = Provider.objects.get(code="one")
    assert (added.status_code, added["Location"]) == (302, url_of(provider))
    key = {"key": KEY, "reason": "From their site."}
    assert as_admin.post(url_of(provider, "key"), key).status_code == 302
    model = {
        "provider": str(provider.pk),
        "code": "one-large",
        "name": "large",
        "label": "Large",
        "context_tokens": "8000",
        "max_completion_tokens": "0",
        "capabilities": ["temperature"],
        "reason": "Good.",
    }
    assert as_admin.post("/admin/llm/chatmodel/new/", model).status_code == 302
    made = ChatModel.objects.get(code="one-large")
    assistant = {
        "name": "Helper",
        "description": "",
        "chat_model": str(made.pk),
        "system_prompt": "Help.",
        "temperature": "0.3",
        "max_prompt_tokens": "0",
        "max_completion_tokens": "0",
        "reason": "Asked for.",
    }
    assert as_admin.post("/admin/llm/assistant/new/", assistant).status_code == 302
    catalogue.forget()
    known = catalogue.read()
    helper = known.assistants[1]
    assert (helper.name, helper.version.system_prompt) == ("Helper", "Help.")
    assert known.providers[provider.pk].api_key == KEY
    assert "Version" in as_admin.get(url_of(Assistant.objects.get(name="Helper"))).content.decode()


def test_a_key_is_on_no_page_once_it_is_typed(as_admin: Client) -> None:
    as_admin.post(NEW_PROVIDER, PROVIDER)
    provider = Provider.objects.get(code="one")
    as_admin.post(url_of(provider, "key"), {"key": KEY, "reason": "From their site."})
    sealed = Provider.objects.get(code="one").sealed_key
    refused = as_admin.post(url_of(provider, "key"), {"key": KEY, "variable": "ONE", "reason": "x"})
    assert refused.status_code == 400
    pages = [
        refused.content.decode(),
        *(
            as_admin.get(page).content.decode()
            for page in (
                url_of(provider),
                url_of(provider, "key"),
                url_of(provider, "edit"),
                "/admin/llm/provider/",
                "/admin/audit/auditevent/",
            )
        ),
    ]
    for page in pages:
        assert KEY not in page
        assert sealed not in page
    assert "Stored here, sealed" in pages[1]


def test_a_new_address_asks_for_the_key_again(as_admin: Client) -> None:
    as_admin.post(NEW_PROVIDER, PROVIDER)
    provider = Provider.objects.get(code="one")
    as_admin.post(url_of(provider, "key"), {"key": KEY, "reason": "From their site."})
    page = as_admin.get(url_of(provider, "edit")).content.decode()
    assert "Another address forgets the key" in page
    moved = {**PROVIDER, "base_url": "https://elsewhere.example/v1"}
    asked = as_admin.post(url_of(provider, "edit"), moved, follow=True)
    assert asked.redirect_chain == [(url_of(provider, "key"), 302)]
    assert "Give it the key of the new address." in asked.content.decode()
    assert "It is sent to https://elsewhere.example/v1 and nowhere else." in asked.content.decode()
    again = as_admin.post(url_of(provider, "edit"), {**moved, "name": "Two"})
    assert again.headers["Location"] == url_of(provider)
    assert "No key" in as_admin.get(url_of(provider)).content.decode()


def test_a_moderator_sees_assistants_and_changes_nothing(as_moderator: Client) -> None:
    catalogue.read()
    own = Assistant.objects.get()
    page = as_moderator.get(url_of(own)).content.decode()
    assert "You are a helpful AI assistant." in page
    assert "New version" not in page
    assert as_moderator.get(url_of(own, "edit")).status_code == 403
    assert as_moderator.get(url_of(Provider.objects.get())).status_code == 403
    assert as_moderator.get(url_of(ChatModel.objects.get(), "try")).status_code == 403


def test_a_model_is_tried_on_its_page(as_admin: Client, settings: Settings) -> None:
    with ScriptedUpstream() as upstream:
        settings.OPENAI_BASE_URL = upstream.base_url
        catalogue.read()
        url = url_of(ChatModel.objects.get(), "try")
        prompt = {"prompt": "[[stream tokens=4]] <script>"}
        page = as_admin.post(url, prompt).content.decode()
        broken = as_admin.post(url, {"prompt": "[[status status=401]]"}).content.decode()
        pauses.pause(actor=None, reason="All of them.")
        paused = as_admin.post(url, prompt).content.decode()
        assert len(upstream.requests) == 2
    assert answer_text(4).strip() in page
    assert "7 tokens asked and 4 answered, cost unknown" in page
    assert "&lt;script&gt;" in page
    assert "did not accept this service" in broken
    assert "SECRET-UPSTREAM-TEXT" not in broken
    assert ModelsPausedError.default_message[:40] in paused
    tried = AuditEvent.objects.filter(action="model.tried").order_by("pk")
    assert [event.data["outcome"] for event in tried] == ["complete", "upstream_unauthorized"]
    assert list(UsageRecord.objects.values_list("purpose", flat=True)) == ["trial"]
    assert as_admin.post(url, {"prompt": " "}).status_code == 400


def test_stand_ins_are_named_among_the_models_that_there_are(as_admin: Client) -> None:
    catalogue.read()
    url = url_of(ChatModel.objects.get(), "fallbacks")
    assert "Models here: environment." in as_admin.get(url).content.decode()
    refused = as_admin.post(url, {"fallbacks": "environmet", "reason": "Safe."})
    assert "No model has the code environmet." in refused.content.decode()
    itself = as_admin.post(url, {"fallbacks": "environment", "reason": "Safe."})
    assert "Choose at most 5 other models, each once." in itself.content.decode()


def test_typing_begins_in_the_first_field_of_a_page(as_admin: Client) -> None:
    catalogue.read()
    provider = Provider.objects.get()
    for url, name in ((NEW_PROVIDER, "code"), (url_of(provider, "breaker"), "reason")):
        page = as_admin.get(url).content.decode()
        (focused,) = re.findall(r"<(?:input|textarea)[^>]*autofocus[^>]*>", page)
        assert f'name="{name}"' in focused


@pytest.mark.parametrize(
    ("state", "seconds", "looks", "said"),
    [
        ("open", 7.5, "Left alone", "in 8 s"),
        ("open", -1, "Tried again", "by the next call"),
        ("half_open", -1, "Tried again", "by the next call"),
        ("closed", -1, "Answering", EMPTY),
    ],
)
def test_a_breaker_says_when_the_provider_is_asked_again(
    state: str, seconds: float, looks: str, said: str
) -> None:
    told = Health(state=state, open_until=time.time() + seconds)
    assert asked_again(told) == said
    assert looks in worst_badge([Health(), told])


def test_closing_the_breaker_is_one_button_with_a_reason(as_admin: Client) -> None:
    catalogue.read()
    provider = Provider.objects.get()
    assert "Ask it again now" in as_admin.get(url_of(provider)).content.decode()
    as_admin.post(url_of(provider, "breaker"), {"reason": "They are back."})
    event = AuditEvent.objects.get()
    assert (event.action, event.reason) == ("provider.breaker_closed", "They are back.")
    assert Provider.objects.get().breaker_closed_at is not None
