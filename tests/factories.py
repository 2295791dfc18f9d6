"""The least valid objects, with traits for the states that matter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import factory
from django.contrib.auth.models import Group
from django.utils import timezone

from apps.conversations.constants import Author, ReplyState
from apps.conversations.models import Conversation, Message, Reply
from apps.users.constants import RestrictionKind, Role, Standing, TokenScope
from apps.users.models import ApiToken, Restriction, User
from apps.users.services.principals import hash_token

PASSWORD = "Correct-horse-1"


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A person in good standing with the role user; `UserFactory(moderator=True)` and so on."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        admin = factory.Trait(role=Role.ADMIN)
        moderator = factory.Trait(role=Role.MODERATOR)
        inactive = factory.Trait(is_active=False)
        restricted = factory.Trait(standing=Standing.RESTRICTED)
        suspended = factory.Trait(
            standing=Standing.SUSPENDED,
            suspension=factory.RelatedFactory(
                "tests.factories.RestrictionFactory", factory_related_name="user"
            ),
        )

    email = factory.Sequence(lambda number: f"person{number}@example.com")
    name = factory.Sequence(lambda number: f"Person {number}")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def role_group(self: User, create: bool, extracted: Any, **kwargs: Any) -> None:
        if create:
            self.groups.set([Group.objects.get(name=self.role)])  # type: ignore[attr-defined]

    @factory.post_generation
    def verified(self: User, create: bool, extracted: Any, **kwargs: Any) -> None:
        """Confirm the address, unless `verified=False`."""
        if create and extracted is not False:
            self.emailaddress_set.create(  # type: ignore[attr-defined]
                email=self.email, primary=True, verified=True
            )


class RestrictionFactory(factory.django.DjangoModelFactory[Restriction]):
    """A suspension without an end."""

    class Meta:
        model = Restriction

    user = factory.SubFactory(UserFactory)
    kind = RestrictionKind.SUSPENSION
    reason = "Spam in three conversations."
    reason_for_user = "You sent spam."


class ApiTokenFactory(factory.django.DjangoModelFactory[ApiToken]):
    """A usable token of every scope; its secret is `token.secret`."""

    class Meta:
        model = ApiToken

    class Params:
        expired = factory.Trait(
            expires_at=factory.LazyFunction(lambda: timezone.now() - timedelta(seconds=1))
        )
        revoked = factory.Trait(revoked_at=factory.LazyFunction(timezone.now))

    secret = factory.Sequence(lambda number: f"parley_{number:043d}")
    user = factory.SubFactory(UserFactory)
    name = "a program"
    hint = factory.LazyAttribute(lambda token: token.secret[:12])
    token_hash = factory.LazyAttribute(lambda token: hash_token(token.secret))
    scopes = factory.LazyFunction(lambda: list(TokenScope.values))
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=1))

    @classmethod
    def _create(cls, model_class: type[ApiToken], *args: Any, **kwargs: Any) -> ApiToken:
        secret = kwargs.pop("secret")
        token = super()._create(model_class, *args, **kwargs)
        token.secret = secret
        return token


class ConversationFactory(factory.django.DjangoModelFactory[Conversation]):
    """An empty conversation."""

    class Meta:
        model = Conversation

    owner = factory.SubFactory(UserFactory)
    title = factory.Sequence(lambda number: f"Conversation {number}")


class MessageFactory(factory.django.DjangoModelFactory[Message]):
    """A message of the conversation's owner; with `assistant=True` an answer's text."""

    class Meta:
        model = Message

    class Params:
        assistant = factory.Trait(role=Author.ASSISTANT, author=None, content="An answer.")
        hidden = factory.Trait(hidden_at=factory.LazyFunction(timezone.now))

    conversation = factory.SubFactory(ConversationFactory)
    role = Author.USER
    author = factory.SelfAttribute("conversation.owner")
    content = "A question?"


class ReplyFactory(factory.django.DjangoModelFactory[Reply]):
    """A complete answer with its message; `queued=True` and `running=True` are live ones."""

    class Meta:
        model = Reply

    class Params:
        queued = factory.Trait(state=ReplyState.QUEUED, finished_at=None)
        running = factory.Trait(
            state=ReplyState.RUNNING,
            finished_at=None,
            started_at=factory.LazyFunction(timezone.now),
            lease_owner="worker-of-the-test",
            lease_expires_at=factory.LazyFunction(lambda: timezone.now() + timedelta(seconds=15)),
            fence=1,
        )

    message = factory.SubFactory(MessageFactory, assistant=True)
    conversation = factory.SelfAttribute("message.conversation")
    state = ReplyState.COMPLETE
    model = "scripted"
    temperature = 0.7
    finished_at = factory.LazyFunction(timezone.now)
