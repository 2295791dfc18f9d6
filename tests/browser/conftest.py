"""A deployment over the suite's own servers, looked at in a real Chromium."""

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from apps.conversations.models import Reply
from apps.conversations.services import stopping
from apps.users.models import User
from tests.browser.tab import Browsing
from tests.factories import UserFactory
from tests.support.chromium import Chromium
from tests.support.processes import Site, wait_until
from tests.support.services import Services
from tests.support.upstream import ScriptedUpstream

WAITING = ("todo", "doing")


@pytest.fixture(scope="package")
def upstream() -> Iterator[ScriptedUpstream]:
    """A model server that does what a message's [[directive]] says."""
    with ScriptedUpstream() as server:
        yield server


@pytest.fixture(scope="package")
def deployed(
    django_db_setup: None,
    services: Services,
    upstream: ScriptedUpstream,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """Web and worker over the database that the tests write to."""
    name = quote(str(connection.settings_dict["NAME"]))
    site = Site(
        folder=tmp_path_factory.mktemp("browser"),
        database_url=urlsplit(services.database_url)._replace(path=f"/{name}").geturl(),
        redis_url=services.redis_url,
        model_url=upstream.base_url,
        WORKER_DRAIN_SECONDS="0.2",
        LLM_FIRST_TOKEN_TIMEOUT_SECONDS="5",
    )
    try:
        yield site
    finally:
        site.stop()


@pytest.fixture
def site(deployed: Site, transactional_db: None) -> Iterator[Site]:
    """The deployment, with what an earlier test stopped running again; at rest at the end."""
    deployed.start()
    yield deployed
    deployed.start()
    for reply in Reply.objects.live():
        stopping.stop_reply(actor=reply.conversation.owner, reply_id=reply.pk)
    wait_until(is_at_rest, seconds=15, what="the worker at rest")


def is_at_rest() -> bool:
    """Whether the worker has nothing to do, so that the database can be emptied."""
    is_answering = Reply.objects.live().exists()
    return not is_answering and not ProcrastinateJob.objects.filter(status__in=WAITING).exists()


@pytest.fixture
def browsing(site: Site, chromium: Chromium) -> Browsing:
    """Windows of this test alone; they close at the end of `async with`."""
    return Browsing(url=site.web.url, chromium=chromium)


@pytest.fixture
def person(site: Site) -> User:
    """Somebody who chats."""
    user: User = UserFactory(name="Uma")
    return user


@pytest.fixture
def moderator(site: Site) -> User:
    """Somebody who looks after conversations."""
    user: User = UserFactory(name="Mo", moderator=True)
    return user
