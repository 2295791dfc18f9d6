"""Admins make groups in the admin: for assistants and quotas that no role or duty stands behind."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from apps.users.models import User
from tests.admin.test_every_page import queries_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db
NEW = reverse("admin:auth_group_new")


def page_of(group: Group, name: str = "change") -> str:
    return reverse(f"admin:auth_group_{name}", args=[group.pk])


def test_a_group_is_made_filled_and_emptied_on_its_pages(as_admin: Client, person: User) -> None:
    made = as_admin.post(NEW, {"name": "Research", "reason": "A lab."})
    group = Group.objects.get(name="Research")
    assert made.headers["Location"] == page_of(group)
    typed = {"people": f"#{person.pk}\n", "reason": "She works there."}
    assert as_admin.post(page_of(group, "join"), typed).status_code == 302
    page = as_admin.get(page_of(group)).content.decode()
    assert person.name in page
    assert "Made by admins" in page
    shown = as_admin.get(reverse("admin:users_user_change", args=[person.pk])).content.decode()
    assert page_of(group) in shown
    found = as_admin.get(reverse("admin:users_user_changelist") + f"?q=group:{group.pk}")
    assert [row.pk for row in found.context["cl"].result_list] == [person.pk]
    wrong = as_admin.post(page_of(group, "part"), {"people": "nobody", "reason": "So."})
    assert (wrong.status_code, "Nobody here is nobody." in wrong.content.decode()) == (400, True)
    assert as_admin.post(page_of(group, "part"), typed).status_code == 302
    assert not person.groups.filter(pk=group.pk).exists()


def test_the_group_of_a_role_is_shown_without_a_single_button(as_admin: Client) -> None:
    for name in ("admin", "user", "rule_author"):
        response = as_admin.get(page_of(Group.objects.get(name=name)))
        assert response.context["buttons"] == []
        assert "Role or duty" in response.content.decode()
    refused = as_admin.post(
        page_of(Group.objects.get(name="user"), "remove"), {"reason": "Away with it."}
    )
    assert refused.status_code == 409
    assert Group.objects.filter(name="user").exists()


def test_the_page_of_a_large_group_takes_no_more_queries(as_admin: Client) -> None:
    group = Group.objects.create(name="Large")
    group.user_set.add(UserFactory())
    as_admin.get(page_of(group))
    few = queries_of(as_admin, page_of(group))
    group.user_set.add(*(UserFactory() for _ in range(60)))
    assert queries_of(as_admin, page_of(group)) == few
