"""Every page and every form of the admin, asked by everybody: allowed by the handbook or refused.

Whatever is refused changes no row of any table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test import Client
from django.urls import URLResolver, get_resolver

from apps.moderation.constants import CaseState
from apps.moderation.models import Case, SavedView
from tests.admin.conftest import SignIn
from tests.admin.test_every_page import make_rows
from tests.moderation.factories import make_staff

pytestmark = pytest.mark.django_db

STAFF = {
    "nobody": ("user",),
    "support": ("user", "support"),
    "auditor": ("user", "auditor"),
    "author": ("user", "rule_author"),
    "approver": ("user", "rule_approver"),
    "moderator": ("moderator",),
    "lead": ("moderator", "lead"),
    "admin": ("admin",),
}
NOBODY = ""
ADMINS = "admin"
LEADS = "lead admin"
DECIDERS = "moderator lead admin"
READERS = "auditor moderator lead admin"
KNOW_PEOPLE = f"support {READERS}"
AUTHORS = "author approver admin"
KNOW_RULES = f"author approver {READERS}"
OVERSEERS = "auditor lead admin"
PAYERS = "auditor admin"

PAGES: tuple[tuple[str, str], ...] = (
    (r"procrastinate/|webhooks/|users/apitoken/|llm/provider/", ADMINS),
    (r"users/", KNOW_PEOPLE),
    (r"llm/(pause|price|quota)/|auth/group/", PAYERS),
    (r"moderation/(rule|rulehit|policy|backtest)/", KNOW_RULES),
    (r"moderation/dashboard/.*\.csv", OVERSEERS),
    (r"moderation/dashboard/", OVERSEERS),
    (r"moderation/queue/export/", OVERSEERS),
    (r"models/live/", DECIDERS),
    (r"models/(usage|limits)/", PAYERS),
    (r"(audit|llm|conversations|moderation)/", READERS),
)
"""Who opens the pages of what; the first that fits."""

ACTS: tuple[tuple[str, str], ...] = (
    (r"users/user/\d+/(warn|restrict|suspend|lift)/", DECIDERS),
    (r"(users|webhooks|llm|auth)/\w+/(\d+/\w+|new)/", ADMINS),
    (r"models/live/stop/", ADMINS),
    (r"conversations/(reply/\d+/halt|share/\d+/(revoke|give-back))/", DECIDERS),
    (r"conversations/message/(\d+/(hide|restore|flag)|(hide|restore)-selected)/", DECIDERS),
    (r"conversations/conversation/\d+/read/", READERS),
    (r"moderation/accessgrant/\d+/end/", READERS),
    (r"moderation/(policy|threshold)/(new|\d+/\w+)/", LEADS),
    (r"moderation/rule/\d+/enforce/", "approver admin"),
    (r"moderation/rule/\d+/try/", KNOW_RULES),
    (r"moderation/(rule|backtest)/(new/\w+|\d+/\w+)/", AUTHORS),
    (r"moderation/queue/(bulk|batches/[\w-]+|\d+/take-over|\d+/reassign|\d+/reveal)/", LEADS),
    (r"moderation/queue/appeals/\d+/\w+/", LEADS),
    (r"moderation/queue/(views/save|views/\d+/delete|preference)/", READERS),
    (r"moderation/queue/(next|decisions/\d+/undo)/", DECIDERS),
    (r"moderation/queue/\d+/(claim|release|decide|preview|note)/", DECIDERS),
)
"""Who may send which form; the first that fits. What no line names takes no form from anybody."""

EVERYBODY = r"$|search/|\w+/\w+/\d+/$"
"""Pages that say nothing but where to go on, or what the viewer may see."""
NEVER = r"\w+/\w+/(add|\d+/delete)/"
"""Forms of the framework, which nobody is given."""
NO_ACT = r"\w+/\w+/(add|\d+/(delete|change|history))/"
SAME_FOR_ALL = r"\w+/\w+/(add/|\d+/(delete/|history/)?)"
"""Where nobody's rights are asked for; one role walks them for all."""

FORM = {
    **dict.fromkeys(("reason", "reason_for_user", "text", "comment", "name", "title"), "So."),
    **dict.fromkeys(("confirm", "confirmed", "is_active", "post", "_save"), "on"),
    "verdict": "no_violation",
    "version": "1",
    "mode": "off",
    "role": "admin",
    "hours": "1",
    "policy": "insults",
    "policy_code": "insults",
    "duties": "lead",
    "outcome": "overturned",
    "points": "1",
    "consequence": "warn",
    "severity": "4",
    "until": "2100-01-01T00:00",
    "collapse_from": "1",
    "answer": "1",
    "match": "1",
    "action": "delete_selected",
}
READS_ALL, DOES_ALL = "auditor", "admin"
REFUSED = {302, 403, 404, 405}
NAMED = {"appeal": "appeal", "decision": "decision", "view": "savedview"}


def routes(patterns: list[object], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)  # type: ignore[attr-defined]
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        else:
            yield route


def addresses() -> list[str]:
    """Return every address of the admin, each with the number of a row that is there."""
    found = [route for route in routes(get_resolver().url_patterns) if route.startswith("admin/")]
    ways_out = ("(?P", "log", "password_change", "jsi18n", "/r/", "autocomplete")
    return sorted(
        {
            filled(one).removeprefix("/admin/")
            for one in found
            if not any(word in one for word in ways_out)
        }
    )


def filled(route: str) -> str:
    """Put the number of a row into a route."""
    _, app_label, model_name, *_ = [*route.split("/"), "", ""]
    numbers = {name: first(app_label, model_name) for name in ("object", "content_type")}
    numbers |= {name: first("moderation", model) for name, model in NAMED.items()}
    numbers["case"] = Case.objects.exclude(state=CaseState.CLOSED).latest("pk").pk
    numbers["rule"] = first("moderation", "rule")
    words = {"kind": "keyword", "section": "decisions", "key": "any"}
    route = re.sub(r"<uuid:\w+>", str(UUID(int=0)), route)
    route = re.sub(r"<slug:(\w+)>", lambda name: words[name[1]], route)
    return "/" + re.sub(r"<\w+:(\w+)_id>", lambda name: str(numbers[name[1]]), route)


def first(app_label: str, model_name: str) -> int:
    """Return the number of the first row of a model."""
    if model_name not in apps.all_models.get(app_label, {}):
        return 1
    model = apps.get_model(app_label, model_name)
    return model._default_manager.order_by("pk").values_list("pk", flat=True).first() or 1


def senders(address: str) -> list[str] | None:
    """Return who may send the form at an address, or None where there is no form."""
    lines = [who for pattern, who in ACTS if re.fullmatch(pattern, address)]
    return lines[0].split() if lines and not re.fullmatch(NO_ACT, address) else None


def readers(address: str) -> list[str]:
    """Return who may open an address."""
    if re.fullmatch(EVERYBODY, address):
        return list(STAFF)
    if re.fullmatch(NEVER, address):
        return []
    lines = [who for pattern, who in PAGES if re.match(pattern, address)]
    known = senders(address)
    return known if known is not None else lines[0].split() if lines else []


def every_row() -> dict[str, str]:
    """Return a checksum of each table."""
    names = sorted(connection.introspection.table_names())
    parts = [
        f"SELECT '{name}', md5(string_agg(row, '' ORDER BY row)) FROM "
        f"(SELECT to_jsonb(t)::text AS row FROM {connection.ops.quote_name(name)} t) r"
        for name in names
    ]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts))
        return {name: str(content) for name, content in cursor.fetchall()}


def ask(client: Client, way: str, address: str) -> int:
    """Open a page or send its form, and return the status."""
    send = client.post if way == "post" else client.get
    return send(f"/admin/{address}", FORM if way == "post" else {}).status_code


def tried(client: Client, way: str, address: str) -> int:
    """Ask, and take back what was done."""
    with transaction.atomic():
        status = ask(client, way, address)
        transaction.set_rollback(True)
    return status


@dataclass(frozen=True, slots=True)
class Desk:
    """A member of staff before the whole admin."""

    who: str
    client: Client
    addresses: list[str]

    def refused(self) -> list[tuple[str, str]]:
        """Return the ways of asking that the handbook gives to others only."""
        gets = [one for one in self.addresses if self.who not in readers(one)]
        forms = [one for one in self.addresses if senders(one) is not None]
        posts = [one for one in forms if self.who not in (senders(one) or ())]
        return [*(("get", one) for one in gets), *(("post", one) for one in posts)]

    def allowed(self) -> list[tuple[str, str]]:
        """Return the others: every form is sent; who has most of them opens forms, or pages."""
        forms = [one for one in self.addresses if self.who in (senders(one) or ())]
        pages = [one for one in self.addresses if self.who in readers(one)]
        shown = {READS_ALL: pages, DOES_ALL: forms}.get(self.who, [])
        return [*(("get", one) for one in shown), *(("post", one) for one in forms)]


@pytest.fixture
def desks(sign_in: SignIn) -> list[Desk]:
    """One of each kind of staff, and a row of every kind."""
    make_rows(1)
    people = {who: make_staff(*others, role=role) for who, (role, *others) in STAFF.items()}
    SavedView.objects.create(owner=people["lead"], name="Mine", query="")
    found = addresses()
    asked = [one for one in found if not re.fullmatch(SAME_FOR_ALL, one)]
    return [
        Desk(who, sign_in(person), found if who == "admin" else asked)
        for who, person in people.items()
    ]


def test_what_the_handbook_gives_to_others_is_refused_and_changes_nothing(
    desks: list[Desk],
) -> None:
    before = every_row()
    for desk in desks:
        asked = {way: ask(desk.client, *way) for way in desk.refused()}
        wrong = {way: status for way, status in asked.items() if status not in REFUSED}
        assert wrong == {}, desk.who
        assert every_row() == before, desk.who


def test_what_the_handbook_gives_to_somebody_is_open_to_them(desks: list[Desk]) -> None:
    for desk in desks:
        asked = {way: tried(desk.client, *way) for way in desk.allowed()}
        shut = {way: status for way, status in asked.items() if status in (403, 500)}
        assert shut == {}, desk.who


def test_what_is_no_form_takes_nothing_from_anybody(desks: list[Desk]) -> None:
    before, admin = every_row(), desks[-1]
    assert unnamed(admin.addresses) == []
    forms = {one for one in admin.addresses if senders(one) is not None}
    asked = {one: ask(admin.client, "post", one) for one in admin.addresses if one not in forms}
    assert {one: status for one, status in asked.items() if status not in {200, *REFUSED}} == {}
    left = every_row()
    del before["audit_auditevent"], left["audit_auditevent"]
    assert left == before, "but for the record of what was read"


def unnamed(found: list[str]) -> list[str]:
    """Return what the tables leave out: addresses that nobody is given, and lines without one."""
    pages = [*(pattern for pattern, _ in PAGES), EVERYBODY]
    lost = [one for one in found if not any(re.match(pattern, one) for pattern in pages)]
    idle = [pattern for pattern, _ in ACTS if not any(re.fullmatch(pattern, one) for one in found)]
    return [*lost, *idle]
