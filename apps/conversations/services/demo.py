"""People and a little history to look at on a fresh machine; never in a deployment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.conversations.constants import Author, ReplyState, TitleSource
from apps.conversations.models import Conversation, Message, Reply
from apps.core.constants import ApplicationEnvironment
from apps.users.constants import Role
from apps.users.models import User
from apps.users.services import accounts

DEMO_PASSWORD = "Parley-demo-1"  # noqa: S105  printed for whoever tries the product
MODEL = "demo"
SECONDS_PER_ANSWER = 4


@dataclass(frozen=True, slots=True)
class DemoConversation:
    """A conversation of the past: when it was, and its questions with their answers."""

    title: str
    hours_ago: int
    exchanges: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as."""

    email: str
    name: str
    role: Role
    conversations: tuple[DemoConversation, ...] = ()


PEOPLE = (
    DemoPerson("admin@parley.test", "Ada Admin", Role.ADMIN),
    DemoPerson(
        "moderator@parley.test",
        "Mo Moderator",
        Role.MODERATOR,
        (
            DemoConversation(
                "Telling somebody why",
                30,
                (
                    (
                        "How do I tell somebody that their message was hidden, without a lecture?",
                        "Name the message, the rule and what happens next, in that order:\n\n"
                        "> Your message of Tuesday was hidden because it shared a phone number. "
                        "You can write it again without the number.\n\n"
                        "One reason is enough. Leave out how you feel about it.",
                    ),
                ),
            ),
        ),
    ),
    DemoPerson(
        "user@parley.test",
        "Uma User",
        Role.USER,
        (
            DemoConversation(
                "Sorting words in Python",
                2,
                (
                    (
                        "How do I sort a list of words by length in Python?",
                        "Give `sorted` a key:\n\n```python\nwords = "
                        '["pear", "fig", "banana"]\nprint(sorted(words, key=len))\n```\n\n'
                        "It prints `['fig', 'pear', 'banana']`. Words of equal length keep "
                        "their order.",
                    ),
                    (
                        "And the longest first?",
                        "Add `reverse=True`:\n\n```python\nsorted(words, key=len, "
                        "reverse=True)\n```",
                    ),
                ),
            ),
            DemoConversation(
                "Running out of patience",
                9,
                (
                    (
                        "Give me three words that rhyme with orange.",
                        "Door hinge, sporange and Blorenge come closest.",
                    ),
                    (
                        "Door hinge is two words, you idiot.",
                        "You are right, it is two. Then sporange and Blorenge remain.",
                    ),
                ),
            ),
            DemoConversation(
                "A weekend in Lisbon",
                26,
                (
                    (
                        "Plan a calm weekend in Lisbon for two people who like to walk.",
                        "**Saturday**\n\n1. Alfama in the morning, before it is hot\n"
                        "2. Lunch near the Feira da Ladra market\n3. Miradouro da Graça at "
                        "sunset\n\n**Sunday**\n\n1. Along the river to Belém\n2. The garden of "
                        "the Gulbenkian in the afternoon",
                    ),
                ),
            ),
            DemoConversation(
                "Tea or coffee",
                75,
                (
                    (
                        "Compare tea and coffee in a small table.",
                        "| | Tea | Coffee |\n| --- | --- | --- |\n| Caffeine in a cup | 30 to 50 "
                        "mg | 80 to 120 mg |\n| Ready after | 3 minutes | 4 minutes |\n",
                    ),
                ),
            ),
        ),
    ),
)


class DemoRefusedError(Exception):
    """Demo people have passwords that everybody knows; only ever told to the operator."""

    def __init__(self) -> None:
        super().__init__(
            "Demo people have known passwords, so they are made in development and tests only."
        )


@transaction.atomic
def seed_demo() -> list[str]:
    """Make the demo people who are missing, each with their history; leaves the others as they are.

    Returns:
        The addresses of those who were made.

    Raises:
        DemoRefusedError: this is a deployment.
    """
    if settings.ENVIRONMENT not in (
        ApplicationEnvironment.DEVELOPMENT,
        ApplicationEnvironment.TEST,
    ):
        raise DemoRefusedError
    missing = [person for person in PEOPLE if not User.objects.with_email(person.email).exists()]
    for person in missing:
        user = accounts.create_account(
            actor=None,
            email=person.email,
            name=person.name,
            password=DEMO_PASSWORD,
            role=person.role,
        )
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
        for talk in person.conversations:
            _write_conversation(user, talk)
    return [person.email for person in missing]


def accounts_to_try() -> list[dict[str, str]]:
    """Return who a visitor may sign in as with one click; nobody outside development."""
    if settings.ENVIRONMENT != ApplicationEnvironment.DEVELOPMENT:
        return []
    return [
        {
            "label": "Try it as a user" if person.role == Role.USER else person.role.label,
            "email": person.email,
            "password": DEMO_PASSWORD,
        }
        for person in reversed(PEOPLE)
    ]


def _write_conversation(owner: User, talk: DemoConversation) -> None:
    begun_at = timezone.now() - timedelta(hours=talk.hours_ago)
    conversation = Conversation.objects.create(
        owner=owner,
        title=talk.title,
        title_source=TitleSource.GENERATED,
        message_count=2 * len(talk.exchanges),
    )
    parent: Message | None = None
    asked_at = begun_at
    for question, answer in talk.exchanges:
        parent = _write_exchange(conversation, parent, (question, answer), asked_at)
        asked_at += timedelta(minutes=3)
    first = conversation.messages.order_by("id").values_list("pk", flat=True).first()
    Conversation.objects.filter(pk=conversation.pk).update(
        titled_from=first,
        created_at=begun_at,
        last_message_at=asked_at - timedelta(minutes=3),
    )


def _write_exchange(
    conversation: Conversation,
    parent: Message | None,
    texts: tuple[str, str],
    asked_at: datetime,
) -> Message:
    """Store a question with its complete answer, and return the answer."""
    question = Message.objects.create(
        conversation=conversation,
        parent=parent,
        role=Author.USER,
        author=conversation.owner,
        content=texts[0],
    )
    answer = Message.objects.create(
        conversation=conversation, parent=question, role=Author.ASSISTANT, content=texts[1]
    )
    finished_at = asked_at + timedelta(seconds=SECONDS_PER_ANSWER)
    Reply.objects.create(
        message=answer,
        conversation=conversation,
        state=ReplyState.COMPLETE,
        finish_reason="stop",
        model=MODEL,
        temperature=0.7,
        started_at=asked_at,
        first_token_at=asked_at + timedelta(milliseconds=400),
        finished_at=finished_at,
    )
    Reply.objects.filter(pk=answer.pk).update(queued_at=asked_at)
    Message.objects.filter(pk__in=(question.pk, answer.pk)).update(created_at=asked_at)
    return answer
