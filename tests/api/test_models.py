"""Assistants and models over the API: who is offered what, and who answers."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from apps.conversations.models import Conversation, Reply
from apps.llm.constants import Audience
from apps.llm.models import Assistant, ChatModel, ModelFallback, Provider
from apps.llm.services import catalogue, compiling, offers
from apps.users.models import User
from tests.api.conftest import Program
from tests.api.test_messages import answering
from tests.factories import ApiTokenFactory, ConversationFactory, UserFactory
from tests.llm.services.conftest import make_spare
from tests.support.upstream import ScriptedUpstream
from tests.support.upstream_scripts import Script

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    made: User = UserFactory()
    return made


def as_program(person: User) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {ApiTokenFactory(user=person).secret}"}


def make_assistant(
    name: str, model: ChatModel, *groups: str, prompt: str = "Be kind."
) -> Assistant:
    audience = Audience.GROUPS if groups else Audience.EVERYBODY
    assistant = Assistant.objects.create(name=name, audience=audience)
    assistant.groups.set(Group.objects.filter(name__in=groups))
    content = {
        "model": model.pk,
        "system_prompt": "Be kind.",
        "temperature": 0.1,
        "max_prompt_tokens": 900,
        "max_completion_tokens": 90,
    }
    assistant.current = compiling.add_version(
        assistant=assistant, chat_model=model, content=content, created_by=None
    )
    assistant.save()
    catalogue.forget()
    return assistant


@pytest.fixture
def spare() -> ChatModel:
    return make_spare("http://127.0.0.1:9/v1").spare


def test_without_anything_configured_there_is_one_assistant(client: Client, person: User) -> None:
    answer = client.get("/api/v1/models", **as_program(person)).json()["data"]
    (assistant,), (model,) = answer["assistants"], answer["models"]
    assert (assistant["name"], assistant["is_default"]) == ("Assistant", True)
    assert (model["code"], model["id"]) == ("scripted", assistant["model_id"])


def test_a_person_is_offered_what_is_for_everybody_or_for_their_group(
    client: Client, person: User, spare: ChatModel
) -> None:
    make_assistant("For all", spare)
    make_assistant("For staff", spare, "moderator")
    staff = UserFactory(moderator=True)

    def offered(who: User) -> list[str]:
        data = client.get("/api/v1/models", **as_program(who)).json()["data"]
        return [one["name"] for one in data["assistants"]]

    assert offered(person) == ["Assistant", "For all"]
    assert offered(staff) == ["Assistant", "For all", "For staff"]


def test_programs_list_and_name_the_models_of_their_persons_assistants(
    client: Client, person: User, spare: ChatModel
) -> None:
    make_assistant("For staff", spare, "moderator")
    staff = UserFactory(moderator=True)

    def listed(who: User) -> list[str]:
        found = client.get("/openai/v1/models", **as_program(who)).json()["data"]
        return [one["id"] for one in found]

    assert listed(person) == ["scripted"]
    assert listed(staff) == ["scripted", "spare"]
    refused = client.post(
        "/openai/v1/chat/completions",
        {"model": "spare", "messages": [{"role": "user", "content": "Hello"}]},
        content_type="application/json",
        **as_program(person),
    )
    assert refused.status_code == 404
    assert refused.json()["error"]["code"] == "model_not_found"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("off", ["model", "provider", "key"])
async def test_a_name_goes_on_working_while_another_model_stands_in_for_it(
    program: Program, upstream: ScriptedUpstream, off: str
) -> None:
    @sync_to_async
    def switch_off() -> None:
        two = make_spare("http://127.0.0.1:9/v1")
        ModelFallback.objects.update(model=two.spare, fallback=two.main)
        make_assistant("For all", two.spare)
        changes = {"sealed_key": "unreadable"} if off == "key" else {"is_enabled": False}
        rows = ChatModel.objects.filter(pk=two.spare.pk)
        (rows if off == "model" else Provider.objects.filter(code="second")).update(**changes)
        catalogue.forget()

    await switch_off()
    listed = (await program.get("/openai/v1/models")).json()["data"]
    assert [one["id"] for one in listed] == ["scripted", "spare"]
    asked = {"model": "spare", "messages": [{"role": "user", "content": "[[stream tokens=3]]"}]}
    async with answering():
        answered = await program.post("/openai/v1/chat/completions", asked)
    assert (answered.status_code, answered.json()["model"]) == (200, "scripted")
    await ModelFallback.objects.all().adelete()
    catalogue.forget()
    refused = await program.post("/openai/v1/chat/completions", asked)
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "model_not_found")


@pytest.mark.django_db(transaction=True)
async def test_a_completion_names_the_model_that_has_answered(
    program: Program, upstream: ScriptedUpstream, settings: Settings
) -> None:
    settings.LLM_MAX_RETRIES = 0
    asked = {"model": "scripted", "messages": [{"role": "user", "content": "[[stream tokens=3]]"}]}
    with ScriptedUpstream() as second:
        await sync_to_async(make_spare)(second.base_url)
        upstream.queue(*[Script("status", status=500)] * 2)
        async with answering():
            whole = await program.post("/openai/v1/chat/completions", asked)
            streamed = await program.post("/openai/v1/chat/completions", {**asked, "stream": True})
            frames = [frame async for frame in streamed.streaming_content]
    assert whole.json()["model"] == "spare-at-the-provider"
    *_, last, done = b"".join(frames).decode().strip().split("\n\n")
    assert (json.loads(last.removeprefix("data: "))["model"], done) == (
        "spare-at-the-provider",
        "data: [DONE]",
    )


def test_a_conversation_remembers_who_answers(
    client: Client, person: User, spare: ChatModel
) -> None:
    chosen = make_assistant("For all", spare)
    token = as_program(person)

    def post(url: str, **body: object) -> dict[str, object]:
        answer = client.post(url, body, content_type="application/json", **token)
        assert answer.status_code in (201, 202), answer.content
        data: dict[str, object] = answer.json()["data"]
        return data

    opened = post("/api/v1/conversations/", assistant_id=chosen.pk)
    assert opened["assistant_id"] == chosen.pk
    post(f"/api/v1/conversations/{opened['id']}/messages", content="Hello")
    reply = Reply.objects.get()
    assert (reply.model, reply.chat_model_id) == ("spare-at-the-provider", spare.pk)
    assert reply.assistant_version_id == chosen.current_id
    assert reply.temperature == 0.1


def test_choosing_with_a_message_changes_who_answers_from_now_on(
    client: Client, person: User, spare: ChatModel
) -> None:
    chosen = make_assistant("For all", spare)
    conversation = ConversationFactory(owner=person)
    client.post(
        f"/api/v1/conversations/{conversation.pk}/messages",
        {"content": "Hello", "assistant_id": chosen.pk},
        content_type="application/json",
        **as_program(person),
    )
    assert Conversation.objects.get().assistant_id == chosen.pk
    assert Reply.objects.get().assistant_version_id == chosen.current_id


@pytest.mark.parametrize("number", ["of_others", "of_nobody"])
def test_not_offered_and_not_there_are_the_same_error(
    client: Client, person: User, spare: ChatModel, number: str
) -> None:
    hidden = make_assistant("For staff", spare, "moderator").pk
    conversation = ConversationFactory(owner=person)
    for url, body in (
        ("/api/v1/conversations/", {}),
        (f"/api/v1/conversations/{conversation.pk}/messages", {"content": "Hello"}),
    ):
        wanted = {"assistant_id": hidden if number == "of_others" else 999_999}
        answer = client.post(
            url, {**body, **wanted}, content_type="application/json", **as_program(person)
        )
        assert answer.status_code == 404
        assert answer.json()["name"] == "AssistantNotFoundError"
    assert Reply.objects.count() == 0


def test_where_the_remembered_one_is_gone_the_default_answers(
    client: Client, person: User, spare: ChatModel
) -> None:
    chosen = make_assistant("For all", spare)
    conversation = ConversationFactory(owner=person, assistant=chosen)
    Assistant.objects.filter(pk=chosen.pk).update(is_enabled=False)
    catalogue.forget()
    client.post(
        f"/api/v1/conversations/{conversation.pk}/messages",
        {"content": "Hello"},
        content_type="application/json",
        **as_program(person),
    )
    reply = Reply.objects.get()
    assert reply.model == "scripted"
    assert reply.assistant_version_id == catalogue.read().default.version.id


def test_a_default_that_is_for_everybody_costs_no_query(person: User) -> None:
    known = catalogue.read()
    with CaptureQueriesContext(connection) as queries:
        offers.choose_assistant(viewer=person, catalogue=known, wanted_id=None, kept_id=None)
    assert len(queries) == 0


def test_the_page_offers_a_choice_only_where_there_is_one(
    client: Client, person: User, spare: ChatModel
) -> None:
    client.force_login(person)
    assert 'name="assistant_id"' not in client.get("/").content.decode()
    chosen = make_assistant("For all", spare)
    page = client.get("/").content.decode()
    assert page.count("<option") == 2
    form = {"content": "Hello", "assistant_id": chosen.pk, "client_id": ""}
    page = client.post("/c/", form, follow=True).content.decode()
    assert f'<option value="{chosen.pk}" selected>For all</option>' in page
    assert Reply.objects.get().assistant_version_id == chosen.current_id
    refused = client.post("/c/", {**form, "assistant_id": 999_999})
    assert refused.status_code == 404
    assert "This assistant is not offered to you." in refused.content.decode()
