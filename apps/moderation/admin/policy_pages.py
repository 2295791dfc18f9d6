"""Policies, as leads write them: versions that stay, changes with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.core.admin_kit.actions import RowAction
from apps.core.admin_kit.decisions import RECORDED, Decision, ReasonForm
from apps.core.admin_kit.details import Detail, Fact, Table, Text
from apps.core.admin_kit.display import EMPTY, Tone, badge, moment, preview
from apps.core.admin_kit.new_rows import NewRowAdmin
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.moderation.admin.answers import actor_of
from apps.moderation.constants import Severity
from apps.moderation.models import Policy
from apps.moderation.services.policies import policies
from apps.moderation.templatetags import looks

VERSIONS_SHOWN = 20


class PolicyForm(ReasonForm):
    """A whole version of a policy."""

    title = forms.CharField(max_length=120, help_text="Short, as the notice names it.")
    text_for_users = forms.CharField(
        label="What people read", widget=forms.Textarea(attrs={"rows": 3}), max_length=4_000
    )
    guidance = forms.CharField(
        required=False,
        label="Guidance for staff",
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=8_000,
    )
    good_example = forms.CharField(
        required=False, label="An example that is fine", max_length=1_000
    )
    bad_example = forms.CharField(
        required=False, label="An example that violates", max_length=1_000
    )
    reason_template = forms.CharField(
        required=False,
        label="First words of a reason",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1_000,
        help_text="Fills the reason when a moderator picks the policy; they can change it.",
    )
    severity = forms.TypedChoiceField(choices=Severity.choices, coerce=int)
    strike_points = forms.IntegerField(min_value=0, max_value=policies.MAX_POINTS)
    sla_minutes = forms.IntegerField(
        min_value=1, max_value=policies.MAX_SLA_MINUTES, label="Decide within, minutes"
    )
    shortcut = forms.IntegerField(min_value=1, max_value=9, required=False, label="Number key")
    field_order: Sequence[str] = (
        *("title", "text_for_users", "guidance", "good_example", "bad_example"),
        *("reason_template", "severity", "strike_points", "sla_minutes", "shortcut", "reason"),
    )


class NewPolicyForm(PolicyForm):
    """The same, with the code that never changes."""

    code = forms.SlugField(max_length=40, help_text="One word; it stays for ever.")
    field_order = ("code", *PolicyForm.field_order)


def may_write(request: HttpRequest) -> bool:
    """Tell whether the viewer writes policies."""
    return has_right(request, policies.EDIT)


@admin.register(Policy)
class PolicyAdmin(NewRowAdmin[Policy]):
    """What may not be said, in the wording of the moment and all former ones."""

    section = Section.MODERATION
    place = 5
    icon = "policy"
    description = "What may not be said, and how staff judge it."
    new_label = "New policy"
    search_keys = {"policy": "pk"}
    search_help_text = "Number"
    list_display = ("title_shown", "severity_shown", "costs", "within", "key")
    list_display_links = ("title_shown",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Policy]:
        """Return the policies with their wording."""
        return super().get_queryset(request).select_related("current")

    @admin.display(description="Policy")
    def title_shown(self, row: Policy) -> str:
        """Show the title."""
        return row.current.title if row.current else row.code

    @admin.display(description="Points")
    def costs(self, row: Policy) -> str:
        """Show what a violation costs its author."""
        return str(row.strike_points)

    @admin.display(description="Severity")
    def severity_shown(self, row: Policy) -> SafeString:
        """Show the severity."""
        return looks.severity_badge(row.severity)

    @admin.display(description="Decide within")
    def within(self, row: Policy) -> str:
        """Show the time that a case has."""
        hours, minutes = divmod(row.sla_minutes, 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"

    @admin.display(description="Key")
    def key(self, row: Policy) -> str:
        """Show the number key."""
        return EMPTY if row.shortcut is None else str(row.shortcut)

    def detail(self, request: HttpRequest, row: Policy) -> Detail:
        """Show a policy with its former wordings."""
        in_use, retired = ("In use", Tone.GOOD, "check"), ("Out of use", Tone.NEUTRAL, "block")
        wording = row.current
        versions = row.versions.order_by("-number")[:VERSIONS_SHOWN]
        return Detail(
            title=self.title_shown(row),
            badges=[badge(*(in_use if row.is_active else retired)), self.severity_shown(row)],
            facts=[
                Fact("Code", row.code),
                Fact("Points", row.strike_points),
                Fact("Decide within", self.within(row)),
                Fact("Number key", self.key(row)),
                Fact("Version", wording.number if wording else EMPTY),
            ],
            texts=[
                Text(label, words)
                for label, words in (
                    ("What people read", wording.text_for_users if wording else ""),
                    ("Guidance for staff", wording.guidance if wording else ""),
                    ("An example that is fine", wording.good_example if wording else ""),
                    ("An example that violates", wording.bad_example if wording else ""),
                    ("First words of a reason", wording.reason_template if wording else ""),
                )
                if words
            ],
            tables=[
                Table(
                    "Versions",
                    ("Version", "Written", "Title", "What people read"),
                    [
                        (one.number, moment(one.created_at), one.title, preview(one.text_for_users))
                        for one in versions
                    ],
                )
            ],
            related=self.lists_of(request, f"policy:{row.pk}", "auditevent"),
        )

    def may_add(self, request: HttpRequest) -> bool:
        """Tell whether the viewer writes policies."""
        return may_write(request)

    def row_actions(self) -> Sequence[RowAction[Policy]]:
        """Return what leads do to a policy."""
        return [
            RowAction(
                name="version",
                label="New version",
                icon="edit_note",
                is_allowed=may_write,
                is_offered=lambda *_: True,
                decide=self._new_version,
            ),
            RowAction(
                name="retire",
                label="Take out of use",
                icon="block",
                is_allowed=may_write,
                is_offered=lambda _, row: row.is_active,
                decide=lambda request, row: self._set_active(request, row, is_active=False),
                is_danger=True,
            ),
            RowAction(
                name="reinstate",
                label="Take into use",
                icon="check",
                is_allowed=may_write,
                is_offered=lambda _, row: not row.is_active and row.current is not None,
                decide=lambda request, row: self._set_active(request, row, is_active=True),
            ),
        ]

    def new_row(self, request: HttpRequest) -> Decision:
        """Return the page that asks for a new policy."""

        def apply(typed: Mapping[str, Any]) -> None:
            policies.create_policy(
                actor=actor_of(request),
                code=typed["code"],
                wording=_wording(typed),
                terms=_terms(typed),
                reason=typed["reason"],
            )

        return Decision(
            title="New policy",
            effects=[
                "Moderators can decide by it at once.",
                "People read its title and text in notices.",
                RECORDED,
            ],
            submit="Write the policy",
            done="The policy is in use.",
            apply=apply,
            back_url=self.list_url(),
            form_class=NewPolicyForm,
        )

    def _new_version(self, request: HttpRequest, row: Policy) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            policies.new_version(
                actor=actor_of(request),
                policy_id=row.pk,
                wording=_wording(typed),
                terms=_terms(typed),
                reason=typed["reason"],
            )

        return Decision(
            title=f"New version of “{self.title_shown(row)}”",
            effects=[
                "Decisions from now on are made under this version.",
                "Decisions that were made keep the version of their day.",
                RECORDED,
            ],
            submit="Write the version",
            done="The new version is written.",
            apply=apply,
            back_url=self.url_of(row.pk),
            form_class=PolicyForm,
            initial=_typed_before(row),
        )

    def _set_active(self, request: HttpRequest, row: Policy, *, is_active: bool) -> Decision:
        def apply(typed: Mapping[str, Any]) -> None:
            policies.set_active(
                actor=actor_of(request),
                policy_id=row.pk,
                is_active=is_active,
                reason=typed["reason"],
            )

        words = "into use" if is_active else "out of use"
        effect = "can" if is_active else "can no longer"
        return Decision(
            title=f"Take “{self.title_shown(row)}” {words}",
            effects=[f"Moderators {effect} decide by it.", "Decisions made under it stay."],
            submit=f"Take it {words}",
            done=f"The policy is {words.replace('into', 'in')}.",
            apply=apply,
            back_url=self.url_of(row.pk),
            is_danger=not is_active,
        )


def _typed_before(row: Policy) -> dict[str, Any]:
    """Return what the form of a new version begins with: the present one."""
    terms = ("severity", "strike_points", "sla_minutes", "shortcut")
    words = ("title", "text_for_users", "guidance", "good_example", "bad_example")
    initial = {name: getattr(row, name) for name in terms}
    if row.current is None:
        return initial
    return initial | {name: getattr(row.current, name) for name in (*words, "reason_template")}


def _wording(typed: Mapping[str, Any]) -> policies.Wording:
    return policies.Wording(
        title=typed["title"],
        text_for_users=typed["text_for_users"],
        guidance=typed["guidance"],
        good_example=typed["good_example"],
        bad_example=typed["bad_example"],
        reason_template=typed["reason_template"],
    )


def _terms(typed: Mapping[str, Any]) -> policies.Terms:
    return policies.Terms(
        severity=typed["severity"],
        strike_points=typed["strike_points"],
        sla_minutes=typed["sla_minutes"],
        shortcut=typed["shortcut"],
    )
