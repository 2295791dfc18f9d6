"""Groups of people: those that admins make, and those that stand for roles and duties."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Added, Decision, ReasonForm
from apps.core.admin_kit.details import Detail, Fact, Related, Table
from apps.core.admin_kit.display import Tone, badge, moment
from apps.core.admin_kit.filters import count_up_to
from apps.core.admin_kit.new_rows import NewRowAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.users.admin import looks
from apps.users.constants import MAX_GROUP_NAME_CHARS, MAX_PEOPLE_AT_ONCE
from apps.users.models import User
from apps.users.services import groups

MEMBERS_SHOWN = 50
COUNT_LIMIT = 1_000
NO_RIGHTS = "A group gives nobody any right: those come by roles and duties alone."
AT_ONCE = "Assistants and quotas of the group count for them at once."


class GroupForm(ReasonForm):
    """A group's name."""

    name = forms.CharField(
        max_length=MAX_GROUP_NAME_CHARS, help_text="As staff read it: Research, Class 7b."
    )
    field_order = ("name", "reason")


class MembersForm(ReasonForm):
    """Some people."""

    people = forms.CharField(
        label="People, one a line",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=f"Numbers such as #12, or whole addresses; {MAX_PEOPLE_AT_ONCE} at most.",
    )
    field_order = ("people", "reason")


@admin.register(Group)
class GroupAdmin(NewRowAdmin[Group]):
    """Every group, the newest first; those of roles and duties are kept by them."""

    section = Section.PEOPLE
    place = 1
    heading = "Groups"
    icon = "groups"
    description = "Whom an assistant is for, and whose use a quota counts."
    new_label = "New group"
    search_keys = {"group": "pk"}
    search_help_text = "Number"
    list_display = ("number", "name_shown", "kind")
    list_display_links = ("number", "name_shown")
    ordering = ("-id",)

    @admin.display(description="Group", ordering="id")
    def number(self, row: Group) -> str:
        """Show the number, by which quotas name it."""
        return f"#{row.pk}"

    @admin.display(description="Name")
    def name_shown(self, row: Group) -> str:
        """Show the name."""
        return _name_of(row)

    @admin.display(description="Kind")
    def kind(self, row: Group) -> SafeString:
        """Show whether a role or duty stands behind it."""
        if groups.is_of_role(row):
            return badge("Role or duty", Tone.NEUTRAL, "lock")
        return badge("Made by admins", Tone.LIVE, "groups")

    def detail(self, request: HttpRequest, row: Group) -> Detail:
        """Show a group with its newest members."""
        is_of_role = groups.is_of_role(row)
        rights = "those of the role or duty" if is_of_role else "none"
        return Detail(
            title=_name_of(row),
            badges=[self.kind(row)],
            facts=[
                Fact("Number", f"#{row.pk}"),
                Fact("Members", count_up_to(groups.members_of(row), COUNT_LIMIT)),
                Fact("Rights", rights, "given by roles and duties alone"),
            ],
            tables=[] if is_of_role else [self._members(row)],
            related=[
                *self._all_members(row),
                *self.lists_of(request, f"group:{row.pk}", "quota", "auditevent"),
            ],
        )

    def _all_members(self, row: Group) -> list[Related]:
        people = self.subject("user")
        url = "" if people is None else people.list_url(f"group:{row.pk}")
        return [Related("All members", url, "group", f"group:{row.pk}")] if url else []

    def _members(self, row: Group) -> Table:
        people = cast("Any", self.subject("user"))
        found = groups.members_of(row)[:MEMBERS_SHOWN]
        return Table(
            "Members",
            ("Person", "Address", "Account made"),
            [
                (
                    people.link_to(person, person.name),
                    looks.email_of(person),
                    moment(person.created_at),
                )
                for person in found
            ],
            "Nobody is in it yet.",
        )

    def may_add(self, request: HttpRequest) -> bool:
        """Tell whether the viewer makes and changes groups."""
        return has_right(request, groups.CHANGE)

    def new_row(self, request: HttpRequest) -> Decision:
        """Return the page that makes a group."""

        def apply(typed: Mapping[str, Any]) -> Added:
            made = groups.create_group(
                actor=_actor(request), name=typed["name"], reason=typed["reason"]
            )
            return Added(self.url_of(made.pk))

        return Decision(
            title="New group",
            effects=["It has no members yet.", NO_RIGHTS, RECORDED],
            submit="Make the group",
            done="The group is made. Add people to it.",
            apply=apply,
            back_url=self.list_url(),
            form_class=GroupForm,
        )

    def row_actions(self) -> Sequence[RowAction[Group]]:
        """Return what admins do to a group of theirs."""
        return [
            self._action("join", "Add people", "person_add", self._join),
            self._action("part", "Take people out", "person_remove", self._part),
            self._action("rename", "Rename", "edit", self._rename),
            self._action("remove", "Remove the group", "delete", self._remove, is_danger=True),
        ]

    def _action(
        self,
        name: str,
        label: str,
        icon: str,
        decide: Callable[[HttpRequest, Group], Decision],
        *,
        is_danger: bool = False,
    ) -> RowAction[Group]:
        return RowAction(
            name=name,
            label=label,
            icon=icon,
            is_allowed=self.may_add,
            is_offered=lambda _, row: not groups.is_of_role(row),
            decide=decide,
            is_danger=is_danger,
        )

    def _join(self, request: HttpRequest, row: Group) -> Decision:
        def apply(typed: Mapping[str, Any]) -> str:
            number = groups.add_people(actor=_actor(request), group_id=row.pk, **_members_in(typed))
            return f"{number} joined {row.name}."

        return Decision(
            title=f"Add people to {row.name}",
            effects=[AT_ONCE, NO_RIGHTS, RECORDED],
            submit="Add them",
            done="",
            apply=apply,
            back_url=self.url_of(row.pk),
            form_class=MembersForm,
        )

    def _part(self, request: HttpRequest, row: Group) -> Decision:
        def apply(typed: Mapping[str, Any]) -> str:
            number = groups.remove_people(
                actor=_actor(request), group_id=row.pk, **_members_in(typed)
            )
            return f"{number} left {row.name}."

        return Decision(
            title=f"Take people out of {row.name}",
            effects=["Its assistants are not offered to them any more.", RECORDED],
            submit="Take them out",
            done="",
            apply=apply,
            back_url=self.url_of(row.pk),
            form_class=MembersForm,
            is_danger=True,
        )

    def _rename(self, request: HttpRequest, row: Group) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            groups.rename_group(
                actor=_actor(request),
                group_id=row.pk,
                name=typed["name"],
                reason=typed["reason"],
            )

        return Decision(
            title=f"Rename {row.name}",
            effects=["Assistants and quotas go on to name it.", RECORDED],
            submit="Rename it",
            done="The group is renamed.",
            apply=apply,
            back_url=self.url_of(row.pk),
            form_class=GroupForm,
            initial={"name": row.name},
        )

    def _remove(self, request: HttpRequest, row: Group) -> Decision:
        def apply(typed: Mapping[str, Any]) -> Added:
            groups.remove_group(actor=_actor(request), group_id=row.pk, reason=typed["reason"])
            return Added(self.list_url())

        return Decision(
            title=f"Remove {row.name}",
            effects=["Its members stay as they are.", "Not while anything names it.", RECORDED],
            submit="Remove it",
            done="The group is removed.",
            apply=apply,
            back_url=self.url_of(row.pk),
            is_danger=True,
        )


def _name_of(row: Group) -> str:
    return row.name.replace("_", " ") if groups.is_of_role(row) else row.name


def _actor(request: HttpRequest) -> User:
    return cast("User", request.user)


def _members_in(typed: Mapping[str, Any]) -> dict[str, Any]:
    return {"people": typed["people"].splitlines(), "reason": typed["reason"]}
