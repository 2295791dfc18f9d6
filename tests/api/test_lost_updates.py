"""Whoever names what they have read changes nothing else."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.db import transaction
from django.utils import timezone

from apps.conversations.models import Conversation
from apps.llm.gateway.contract import Usage
from apps.llm.models import Quota
from apps.llm.services import quotas
from apps.users.models import ApiToken, User
from apps.webhooks.models import WebhookEndpoint
from tests.api.conftest import Program
from tests.factories import ApiTokenFactory, ConversationFactory, UserFactory
from tests.moderation.factories import make_rule


async def tag_of(program: Program, path: str) -> str:
    tag: str = (await program.get(path)).headers["ETag"]
    return tag


async def test_the_second_of_two_editors_is_refused(program: Program, author: User) -> None:
    """What is written meanwhile refuses neither, and readers are told of it."""
    conversation = await sync_to_async(ConversationFactory)(owner=author)
    path = f"conversations/{conversation.pk}"
    read = await tag_of(program, path)
    assert (await program.get(path, If_None_Match=read)).status_code == 304
    now = timezone.now()
    await Conversation.objects.aupdate(last_message_at=now, updated_at=now, message_count=2)
    assert (await program.get(path, If_None_Match=read)).status_code == 200
    for source, title in (("none", "The first words"), ("generated", "By the model")):
        seen = await tag_of(program, path)
        await Conversation.objects.aupdate(title=title, title_source=source)
        assert (await program.get(path, If_None_Match=seen)).status_code == 200
    first = await program.call("PATCH", path, {"title": "First"}, If_Match=read)
    second = await program.call("PATCH", path, {"title": "Second"}, If_Match=read)
    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (412, "precondition_failed")
    assert (await Conversation.objects.aget(pk=conversation.pk)).title == "First"
    assert first.headers["ETag"] == await tag_of(program, path) != read


async def test_a_stale_delete_deletes_nothing(program: Program, author: User) -> None:
    conversation = await sync_to_async(ConversationFactory)(owner=author)
    path = f"conversations/{conversation.pk}"
    read = await tag_of(program, path)
    await program.call("PATCH", path, {"title": "Other"})
    refused = await program.call("DELETE", path, If_Match=read)
    assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
    assert (await program.get(path)).status_code == 200
    done = await program.call("DELETE", path, If_Match=await tag_of(program, path))
    assert done.status_code == 200


async def test_any_state_and_a_tag_that_a_proxy_weakened_are_accepted(
    program: Program, author: User
) -> None:
    conversation = await sync_to_async(ConversationFactory)(owner=author)
    path = f"conversations/{conversation.pk}"
    for number, tag in enumerate(("*", f"W/{await tag_of(program, path)}")):
        if number:
            tag = f"W/{await tag_of(program, path)}"
        answered = await program.call("PATCH", path, {"title": f"T{number}"}, If_Match=tag)
        assert answered.status_code == 200
    nonsense = await program.call("PATCH", path, {"title": "x"}, If_Match="nonsense")
    assert nonsense.status_code == 412


async def test_people_are_edited_and_removed_under_the_same_rule(admin: User) -> None:
    program = await sync_to_async(Program)(admin)
    person = await sync_to_async(UserFactory)()
    path = f"users/{person.pk}"
    read = await tag_of(program, path)
    done = await program.call("PATCH", path, {"role": "moderator"}, If_Match=read)
    assert (done.status_code, done.json()["data"]["role"]) == (200, "moderator")
    for method, body in (
        ("PATCH", {"role": "user"}),
        ("PATCH", {"name": "Other"}),
        ("DELETE", None),
    ):
        refused = await program.call(method, path, body, If_Match=read)
        assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
    kept = await User.objects.aget(pk=person.pk)
    assert (kept.role, kept.name) == ("moderator", person.name)


WEBHOOK = {"url": "https://93.184.216.34/hook", "event_types": ["case.opened"]}


async def test_what_staff_keep_is_edited_under_the_same_rule(admin: User) -> None:
    program = await sync_to_async(Program)(admin)
    rule = await sync_to_async(make_rule)(mode="shadow")
    limits = {"action": "block", "on_error": "open", "daily_cap": 5, "expires_at": None}
    account = (await program.post("service-accounts", {"name": "Bot"})).json()["data"]
    webhook = (await program.post("webhooks", WEBHOOK)).json()["data"]
    rules, accounts, webhooks = (
        f"moderation/rules/{rule.pk}",
        f"service-accounts/{account['id']}",
        f"webhooks/{webhook['id']}",
    )
    for read, (method, path, body), others in (
        (rules, ("PUT", f"{rules}/limits", limits), [("POST", f"{rules}/mode", {"mode": "off"})]),
        (accounts, ("PATCH", accounts, {"name": "One"}), [("PATCH", accounts, {"duties": []})]),
        (webhooks, ("PATCH", webhooks, {"description": "One"}), [("DELETE", webhooks, None)]),
    ):
        tag = await tag_of(program, read)
        await WebhookEndpoint.objects.aupdate(accepted_at=timezone.now())
        done = await program.call(method, path, body, If_Match=tag)
        now = await tag_of(program, read)
        assert (done.status_code, done.headers["ETag"]) == (200, now), path
        for editor in ((method, path, body), *others):
            refused = await program.call(*editor, If_Match=tag)
            assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
            assert await tag_of(program, read) == now != tag
        for editor in others:
            assert (await program.call(*editor, If_Match=now)).status_code == 200


async def test_a_token_is_edited_and_revoked_under_the_same_rule(
    program: Program, author: User
) -> None:
    """That it is used changes nothing of what was read."""
    token = await sync_to_async(ApiTokenFactory)(user=author)
    path = f"auth/tokens/{token.pk}"
    read = await tag_of(program, path)
    await ApiToken.objects.filter(pk=token.pk).aupdate(last_used_at=timezone.now())
    assert (await program.get(path, If_None_Match=read)).status_code == 200
    done = await program.call("PATCH", path, {"name": "Two"}, If_Match=read)
    assert (done.status_code, done.headers["ETag"]) == (200, await tag_of(program, path))
    for method, body in (("PATCH", {"name": "Three"}), ("DELETE", None)):
        refused = await program.call(method, path, body, If_Match=read)
        assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
    kept = await ApiToken.objects.aget(pk=token.pk)
    assert (kept.name, kept.revoked_at) == ("Two", None)
    now = await tag_of(program, path)
    assert (await program.call("DELETE", path, If_Match=now)).status_code == 200
    assert (await program.get(path)).json()["code"] == "token_not_found"


@sync_to_async
def use_up(token: ApiToken) -> None:
    with transaction.atomic():
        quotas.reserve(
            quotas.Spender(user_id=token.user_id, model="any", api_token_id=token.pk),
            purpose="reply",
            reference_id=1,
            wanted=Usage(10, 10, "estimated"),
        )


async def test_limits_of_a_token_are_edited_under_the_same_rule(
    program: Program, author: User
) -> None:
    """That something is used of them changes nothing of what was read."""
    token = await sync_to_async(ApiTokenFactory)(user=author, scopes=["chat"])
    path = f"auth/tokens/{token.pk}/limits"
    limit = {"unit": "tokens", "period": "day", "amount": "50"}
    empty = await tag_of(program, path)
    made = await program.call("PUT", path, limit, If_Match=empty)
    (known,) = made.json()["data"]
    await use_up(token)
    assert await tag_of(program, path) not in (made.headers["ETag"], empty)
    assert (await program.get(path)).json()["data"][0]["reserved"] == "20"
    one = f"{path}/{known['id']}"
    for editor in (("PUT", path, {**limit, "amount": "80"}), ("DELETE", one)):
        refused = await program.call(*editor, If_Match=empty)
        assert (refused.status_code, refused.json()["code"]) == (412, "precondition_failed")
    assert (await Quota.objects.aget()).amount == 50
    read = made.headers["ETag"]
    changed = await program.call("PUT", path, {**limit, "amount": "80"}, If_Match=read)
    assert (await program.call("DELETE", one, If_Match=read)).status_code == 412
    unknown = await program.call("DELETE", f"{path}/{10**18}", If_Match=read)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "quota_not_found")
    done = await program.call("DELETE", one, If_Match=changed.headers["ETag"])
    assert (done.json()["data"], done.headers["ETag"]) == ([], empty)
