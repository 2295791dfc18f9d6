"""What staff see of people, and what they decide about them."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEvent
from apps.core.admin_kit.display import Tone, badge
from apps.moderation.models import Case, Notice
from apps.users.models import ApiToken, Restriction, User
from apps.users.services import standing
from tests.admin.conftest import SignIn, Talk
from tests.factories import ApiTokenFactory, MessageFactory, RestrictionFactory, UserFactory
from tests.moderation.factories import make_case, make_policy

pytestmark = pytest.mark.django_db

PEOPLE = "/admin/users/user/"
TOLD = {"reason": "Third threat.", "reason_for_user": "You threatened people."}
WHY = {"policy": "insults", **TOLD}
EVERY_ACTION = (
    *("warn", "restrict", "suspend", "lift"),
    *("role", "rename", "close", "open", "remove"),
)


@pytest.fixture(autouse=True)
def _policy(db: None) -> None:
    make_policy()


def url(user: User, action: str = "change") -> str:
    return reverse(f"admin:users_user_{action}", args=[user.pk])


def state(user: User) -> dict[str, Any]:
    return User.objects.filter(pk=user.pk).values().get()


def audited() -> list[dict[str, Any]]:
    fields = ("actor_id", "action", "target_type", "target_id", "reason", "data")
    return list(AuditEvent.objects.order_by("id").values(*fields))


def audited_of_people() -> list[dict[str, Any]]:
    return [event for event in audited() if event["target_type"] == "user"]


def test_a_moderator_sees_no_address_anywhere(
    as_moderator: Client, person: User, talk: Talk
) -> None:
    RestrictionFactory(user=person)
    pages = (
        "/admin/",
        PEOPLE,
        url(person),
        url(person, "warn"),
        "/admin/users/restriction/",
        "/admin/conversations/message/",
        f"/admin/conversations/conversation/{talk.conversation.pk}/change/",
        f"/admin/conversations/message/{talk.question.pk}/change/",
    )
    for page in pages:
        response = as_moderator.get(page)
        assert response.status_code == 200
        assert person.email not in response.content.decode()
    assert "u…@e…" in as_moderator.get(url(person)).content.decode()


def test_a_restriction_that_goes_on_behind_a_suspension_that_ended_is_shown_in_list_and_page(
    as_admin: Client, moderator: User, person: User
) -> None:
    why = {"actor": moderator, "user_id": person.pk, "reason": "So.", "reason_for_user": "So."}
    later = timezone.now() + timedelta(days=30)
    standing.restrict(until=later, **why)
    standing.suspend(until=timezone.now() + timedelta(hours=1), **why)
    past = timezone.now() - timedelta(seconds=1)
    Restriction.objects.filter(kind="suspension").update(ends_at=past)
    User.objects.filter(pk=person.pk).update(standing_until=past)
    for page in (PEOPLE, url(person)):
        shown = as_admin.get(page).content.decode()
        assert badge("Restricted", Tone.WARNING, "edit_off") in shown, page
    assert f"{later:%b}" in as_admin.get(url(person)).content.decode()


def test_an_admin_sees_the_address(as_admin: Client, person: User) -> None:
    assert person.email in as_admin.get(PEOPLE).content.decode()
    assert person.email in as_admin.get(url(person)).content.decode()


def test_a_moderator_sees_neither_peers_nor_admins(
    as_moderator: Client, moderator: User, peer: User, admin: User, person: User
) -> None:
    root = UserFactory(is_superuser=True)
    listed = as_moderator.get(PEOPLE).context["cl"].result_list
    assert [user.pk for user in listed] == [person.pk]
    for user in (moderator, peer, admin, root):
        assert as_moderator.get(url(user)).status_code == 404
        assert as_moderator.get(url(user, "suspend")).status_code == 404


def test_staff_by_duty_alone_are_no_ordinary_people(
    as_moderator: Client, as_admin: Client, admin: User, person: User
) -> None:
    auditor = UserFactory(duties=["auditor"])
    standing.suspend(actor=admin, user_id=auditor.pk, reason="Why.", reason_for_user="So.")
    assert as_moderator.get(url(auditor)).status_code == 404
    assert as_moderator.get(url(auditor, "suspend")).status_code == 404
    assert as_admin.get(url(auditor, "lift")).status_code == 200
    for page, kept in ((PEOPLE, [person.pk]), ("/admin/users/restriction/", [])):
        rows = as_moderator.get(page).context["cl"].result_list
        assert [row.pk for row in rows] == kept


def test_no_page_holds_what_belongs_to_signing_in(as_admin: Client, person: User) -> None:
    text = as_admin.get(url(person)).content.decode()
    assert person.password not in text
    for query in ("password__startswith=md5", "is_superuser__exact=1", "groups__id__exact=1"):
        assert as_admin.get(f"{PEOPLE}?{query}").status_code == 400


def test_admins_search_by_address_and_moderators_do_not(
    as_admin: Client, as_moderator: Client, person: User
) -> None:
    def found(client: Client, term: str) -> list[int]:
        return [user.pk for user in client.get(PEOPLE, {"q": term}).context["cl"].result_list]

    assert found(as_admin, "UMA@example.com") == [person.pk]
    assert found(as_admin, "uma@") == [person.pk]
    assert found(as_admin, "um") == []
    assert found(as_admin, "example.com") == []
    assert found(as_moderator, "uma@example.com") == []
    assert found(as_moderator, f"user:{person.pk}") == [person.pk]


def test_suspending_keeps_a_person_out_and_writes_why(
    as_moderator: Client, moderator: User, person: User
) -> None:
    until = (timezone.now() + timedelta(days=3)).astimezone(UTC).replace(second=0, microsecond=0)
    sent = {**WHY, "until": until.strftime("%Y-%m-%dT%H:%M")}
    response = as_moderator.post(url(person, "suspend"), sent, follow=True)
    assert response.redirect_chain == [(url(person), 302)]
    case = Case.objects.get()
    assert f"Uma is suspended. Case {case.pk} keeps the decision." in response.content.decode()
    assert Notice.objects.get().subject_id == person.pk
    person.refresh_from_db()
    assert (person.standing, person.standing_until) == ("suspended", until)
    restriction = Restriction.objects.get()
    assert (restriction.reason, restriction.reason_for_user) == tuple(TOLD.values())
    assert audited_of_people() == [
        {
            "actor_id": moderator.pk,
            "action": "user.suspended",
            "target_type": "user",
            "target_id": person.pk,
            "reason": "Third threat.",
            "data": {
                "restriction_id": restriction.pk,
                "reason_for_user": "You threatened people.",
                "until": until.isoformat(),
            },
        }
    ]


def test_a_message_that_is_named_is_theirs_and_its_case_is_decided(
    as_moderator: Client, person: User
) -> None:
    other = make_case()
    refused = as_moderator.post(url(person, "warn"), {**WHY, "message_id": other.message_id})
    assert refused.status_code == 400
    assert "This person wrote no message of that number." in refused.content.decode()
    case = make_case(MessageFactory(conversation__owner=person))
    done = as_moderator.post(
        url(person, "warn"), {**WHY, "message_id": case.message_id}, follow=True
    )
    assert f"Uma was warned. Case {case.pk} keeps the decision." in done.content.decode()
    assert not Case.objects.filter(message=None).exists()


def test_a_suspended_persons_session_ends(
    as_moderator: Client, as_person: Client, person: User
) -> None:
    as_moderator.post(url(person, "suspend"), WHY)
    assert as_person.get("/settings/").status_code == 302


def test_lifting_ends_a_suspension(as_moderator: Client, person: User) -> None:
    as_moderator.post(url(person, "suspend"), WHY)
    sent = {"reason": "Talked it over.", "reason_for_user": "Welcome back."}
    as_moderator.post(url(person, "lift"), sent)
    person.refresh_from_db()
    assert person.standing == "good"
    assert "Welcome back." in Notice.objects.latest("id").body
    assert [(e["action"], e["reason"]) for e in audited_of_people()] == [
        ("user.suspended", "Third threat."),
        ("user.lifted", "Talked it over."),
    ]


@pytest.mark.parametrize(
    "sent",
    [
        {"policy": "insults", "reason_for_user": "You threatened people."},
        {"policy": "insults", "reason": "Third threat."},
        TOLD,
        {**WHY, "until": "2020-01-01T00:00"},
        {**WHY, "until": "soon"},
    ],
)
def test_a_suspension_that_is_not_complete_changes_nothing(
    as_moderator: Client, person: User, sent: dict[str, str]
) -> None:
    before = state(person)
    response = as_moderator.post(url(person, "suspend"), sent)
    assert response.status_code == 400
    for typed in sent.values():
        assert typed in response.content.decode()
    assert (state(person), audited()) == (before, [])


@pytest.mark.parametrize("action", EVERY_ACTION)
def test_a_person_who_is_no_staff_decides_nothing(
    as_person: Client, peer: User, action: str
) -> None:
    before = state(peer)
    sent = {**WHY, "role": "user", "name": "Taken"}
    assert as_person.post(url(peer, action), sent).status_code == 302
    assert (state(peer), audited()) == (before, [])


@pytest.mark.parametrize("action", ["role", "rename", "close", "open", "remove"])
def test_a_moderator_changes_no_account(as_moderator: Client, person: User, action: str) -> None:
    before = state(person)
    sent = {"reason": "Try.", "role": "admin", "name": "Taken"}
    assert as_moderator.post(url(person, action), sent).status_code == 403
    assert as_moderator.get(url(person, action)).status_code == 403
    assert (state(person), audited()) == (before, [])


@pytest.mark.parametrize("action", EVERY_ACTION)
def test_a_moderator_decides_nothing_about_staff(
    as_moderator: Client, peer: User, admin: User, action: str
) -> None:
    for user in (peer, admin):
        before = state(user)
        sent = {**WHY, "role": "user", "name": "Taken"}
        assert as_moderator.post(url(user, action), sent).status_code == 404
        assert state(user) == before
    assert audited() == []


def test_an_admin_changes_a_role_with_a_reason(as_admin: Client, admin: User, person: User) -> None:
    sent = {"role": "moderator", "reason": "She helps."}
    text = as_admin.post(url(person, "role"), sent, follow=True).content.decode()
    assert "Uma has the role Moderator now." in text
    person.refresh_from_db()
    assert person.role == "moderator"
    assert audited()[0] == {
        "actor_id": admin.pk,
        "action": "user.role_changed",
        "target_type": "user",
        "target_id": person.pk,
        "reason": "She helps.",
        "data": {"from": "user", "to": "moderator"},
    }


def test_nobody_changes_their_own_role(as_admin: Client, admin: User) -> None:
    before = state(admin)
    response = as_admin.post(url(admin, "role"), {"role": "user", "reason": "Enough."})
    assert response.status_code == 403
    assert "Nobody changes their own role or state." in response.content.decode()
    assert "Enough." in response.content.decode()
    assert (state(admin), audited()) == (before, [])
    assert as_admin.get(url(admin)).context["buttons"] == []


def test_an_unknown_role_is_refused(as_admin: Client, person: User) -> None:
    before = state(person)
    sent = {"role": "superuser", "reason": "Try."}
    assert as_admin.post(url(person, "role"), sent).status_code == 400
    assert (state(person), audited()) == (before, [])


def test_closing_and_opening_an_account(as_admin: Client, person: User) -> None:
    as_admin.post(url(person, "close"), {"reason": "Asked for it."})
    person.refresh_from_db()
    assert person.is_active is False
    as_admin.post(url(person, "open"), {"reason": "Came back."})
    person.refresh_from_db()
    assert person.is_active is True
    assert [(e["action"], e["reason"]) for e in audited()] == [
        ("user.deactivated", "Asked for it."),
        ("user.activated", "Came back."),
    ]


def test_renaming_takes_the_name_and_nothing_else(as_admin: Client, person: User) -> None:
    sent = {"name": "Uma Thorne", "role": "admin", "is_superuser": "on", "email": "x@example.com"}
    as_admin.post(url(person, "rename"), sent)
    after = state(person)
    assert (after["name"], after["role"], after["is_superuser"], after["email"]) == (
        "Uma Thorne",
        "user",
        False,
        "uma@example.com",
    )


def test_deleting_an_account_needs_a_reason(as_admin: Client, person: User, talk: Talk) -> None:
    assert as_admin.post(url(person, "remove"), {"reason": " "}).status_code == 400
    assert User.objects.filter(pk=person.pk).exists()
    response = as_admin.post(url(person, "remove"), {"reason": "Asked for it."})
    assert response["Location"] == PEOPLE
    assert not User.objects.filter(pk=person.pk).exists()
    assert [(e["action"], e["reason"]) for e in audited()] == [("user.deleted", "Asked for it.")]


def test_an_admin_revokes_a_token(as_admin: Client, admin: User, person: User) -> None:
    token = ApiTokenFactory(user=person)
    revoke = reverse("admin:users_apitoken_revoke", args=[token.pk])
    assert token.token_hash not in as_admin.get(revoke).content.decode()
    as_admin.post(revoke, {"reason": "Leaked."})
    assert ApiToken.objects.get().revoked_at is not None
    assert [(e["actor_id"], e["action"], e["reason"]) for e in audited()] == [
        (admin.pk, "token.revoked", "Leaked.")
    ]


def test_an_admin_sees_what_made_a_token_and_revokes_both(as_admin: Client, person: User) -> None:
    root = ApiTokenFactory(user=person, name="ci")
    made = ApiTokenFactory(user=person, made_by=root, made_by_name=root.name)
    page = reverse("admin:users_apitoken_change", args=[made.pk])
    assert f"ci (#{root.pk})" in as_admin.get(page).content.decode()
    found = as_admin.get(f"/admin/users/apitoken/?q=maker:{root.pk}").context["cl"].result_list
    assert [token.pk for token in found] == [made.pk]
    revoke = reverse("admin:users_apitoken_revoke", args=[root.pk])
    assert "and still work: 1." in as_admin.get(revoke).content.decode()
    as_admin.post(revoke, {"reason": "Leaked.", "with_made": "on"})
    assert not ApiToken.objects.filter(user=person).usable().exists()
    assert [(e["target_id"], e["reason"]) for e in audited()] == [
        (root.pk, "Leaked."),
        (made.pk, "Leaked."),
    ]


def test_a_moderator_reaches_no_token(as_moderator: Client, person: User) -> None:
    token = ApiTokenFactory(user=person)
    revoke = reverse("admin:users_apitoken_revoke", args=[token.pk])
    assert as_moderator.post(revoke, {"reason": "Try."}).status_code == 403
    assert ApiToken.objects.get().revoked_at is None


def test_decisions_are_listed_on_the_persons_page(
    as_moderator: Client, sign_in: SignIn, person: User
) -> None:
    as_moderator.post(url(person, "warn"), WHY)
    as_moderator.post(url(person, "restrict"), WHY)
    rows = as_moderator.get(url(person)).context["detail"].tables[0].rows
    assert [(row[1], row[2], row[3]) for row in rows] == [
        ("Restriction", "Mo", "Third threat."),
        ("Warning", "Mo", "Third threat."),
    ]
