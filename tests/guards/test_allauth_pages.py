"""No page of django-allauth is shown in its own look: each has a template of ours (0131)."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.template.loader import get_template
from django.test import Client
from django.urls import URLResolver, get_resolver

from tests.factories import UserFactory

# Views that choose their template as they answer, or answer a script.
CHOSEN = {"email_verification_sent": "account/verification_sent.html", "LoginWebAuthnView": None}


def reachable(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, object]]:
    """Return each address with its view, in the order in which they are tried."""
    for pattern in resolver.url_patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from reachable(pattern, address)
        else:
            yield address, getattr(pattern.callback, "view_class", pattern.callback)


def templates_of_allauth() -> dict[str, str]:
    """Return the template of each page of django-allauth that an address leads to."""
    first: dict[str, object] = {}
    for address, view in reachable(get_resolver()):
        first.setdefault(address, view)
    found = {}
    for address, view in first.items():
        if not view.__module__.startswith("allauth."):
            continue
        name = getattr(view, "__name__", "")
        template = CHOSEN.get(name, getattr(view, "template_name", ""))
        if template is not None:
            found[address] = template
    return found


def test_each_page_of_allauth_has_a_template_of_ours() -> None:
    ours = str(settings.BASE_DIR / "templates")
    pages = templates_of_allauth()
    assert len(pages) > 20
    foreign = {
        address: name
        for address, name in pages.items()
        if not get_template(name).origin.name.startswith(ours)  # type: ignore[attr-defined]
    }
    assert foreign == {}


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("/accounts/sessions/", "/settings/sessions/"),
        ("/accounts/login/code/confirm/", "/accounts/login/"),
    ],
)
def test_a_page_that_is_not_offered_leads_to_ours_and_does_nothing(
    client: Client, db: None, address: str, place: str
) -> None:
    client.force_login(UserFactory())
    found = client.get(address)
    assert (found.status_code, found["Location"]) == (302, place)
    assert client.post(address).status_code == 405
