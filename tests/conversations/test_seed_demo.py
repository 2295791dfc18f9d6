import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from apps.conversations.models import Conversation, Message, Reply
from apps.users.models import User

pytestmark = pytest.mark.django_db


def test_it_makes_three_people_with_history_who_can_sign_in(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("seed_demo")
    assert capsys.readouterr().out == (
        "Made admin@parley.test.\nMade moderator@parley.test.\nMade user@parley.test.\n"
    )
    people = list(User.objects.order_by("id").values_list("email", "name", "role"))
    assert people == [
        ("admin@parley.test", "Ada Admin", "admin"),
        ("moderator@parley.test", "Mo Moderator", "moderator"),
        ("user@parley.test", "Uma User", "user"),
    ]
    for email, _, role in people:
        user = User.objects.get(email=email)
        assert [group.name for group in user.groups.all()] == [role]
        response = Client().post("/accounts/login/", {"login": email, "password": "Parley-demo-1"})
        assert response.status_code == 302
    uma = Conversation.objects.filter(owner__email="user@parley.test").newest_first()
    assert [conversation.title for conversation in uma] == [
        "Sorting words in Python",
        "Running out of patience",
        "A weekend in Lisbon",
        "Tea or coffee",
    ]
    first = uma[0]
    assert [message.role for message in first.messages.order_by("id")] == [
        "user",
        "assistant",
        "user",
        "assistant",
    ]
    assert first.message_count == 4
    assert set(Reply.objects.values_list("state", flat=True)) == {"complete"}


def test_a_second_run_changes_nothing() -> None:
    call_command("seed_demo")
    user = User.objects.get(email="user@parley.test")
    user.name = "Renamed"
    user.set_password("Quiet-river-7")
    user.save()
    counts = (User.objects.count(), Conversation.objects.count(), Message.objects.count())
    call_command("seed_demo")
    assert (User.objects.count(), Conversation.objects.count(), Message.objects.count()) == counts
    user.refresh_from_db()
    assert (user.name, user.check_password("Quiet-river-7")) == ("Renamed", True)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_it_refuses_a_deployment(settings: Settings, environment: str) -> None:
    settings.ENVIRONMENT = environment
    with pytest.raises(CommandError, match="known passwords"):
        call_command("seed_demo")
    assert User.objects.count() == 0
