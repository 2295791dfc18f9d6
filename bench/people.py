"""Makes people with a session, a token and a conversation: `python -m bench.people COUNT ALL`."""

import os
import sys

import orjson


def make_people(count: int, everybody: int) -> list[dict[str, object]]:
    """Return people, each with a new conversation that has one earlier exchange.

    Args:
        count: how many.
        everybody: how many there shall be once and for all.
    """
    from apps.users.models import User

    known = list(User.objects.order_by("id")[:everybody])
    if not known:
        known = _make_users(everybody)
    people = known[:count]
    conversations = _open_conversations(people)
    return [
        {
            "session_key": _session_key(person),
            "token": _token(person),
            "conversation_id": conversation,
        }
        for person, conversation in zip(people, conversations, strict=True)
    ]


def _make_users(count: int) -> list["object"]:
    from django.contrib.auth.hashers import make_password

    from apps.users.models import User

    password = make_password("Only for the benchmark 1!")
    return User.objects.bulk_create(
        User(email=f"person{n}@example.org", name=f"Person {n}", password=password)
        for n in range(count)
    )


def _open_conversations(people: list) -> list[int]:
    from apps.conversations.constants import Author, TitleSource
    from apps.conversations.models import Conversation, Message

    opened = Conversation.objects.bulk_create(
        Conversation(owner=person, title="A talk", title_source=TitleSource.PERSON, message_count=2)
        for person in people
    )
    questions = Message.objects.bulk_create(
        Message(conversation=one, role=Author.USER, author=one.owner, content="An earlier message.")
        for one in opened
    )
    Message.objects.bulk_create(
        Message(
            conversation=question.conversation,
            parent=question,
            role=Author.ASSISTANT,
            content="An earlier message.",
        )
        for question in questions
    )
    return [one.pk for one in opened]


def _session_key(person) -> str:  # noqa: ANN001
    from importlib import import_module

    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return session.session_key


def _token(person) -> str:  # noqa: ANN001
    from datetime import timedelta

    from django.utils import timezone

    from apps.users.constants import TOKEN_PREFIX, TokenScope
    from apps.users.models import ApiToken
    from apps.users.services.principals import hash_token

    secret = f"{TOKEN_PREFIX}bench-{person.pk}"
    if not ApiToken.objects.filter(token_hash=hash_token(secret)).exists():
        ApiToken.objects.create(
            user=person,
            name="bench",
            hint=secret[:8],
            token_hash=hash_token(secret),
            scopes=[TokenScope.CHAT],
            expires_at=timezone.now() + timedelta(days=1),
        )
    return secret


def main() -> None:
    """Make people and write them to standard output."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    people = make_people(int(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.buffer.write(orjson.dumps(people))


if __name__ == "__main__":
    main()
