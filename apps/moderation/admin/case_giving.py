"""The page on which a lead gives a case to somebody else."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from apps.core.admin_kit.decisions import Decision, ReasonForm, Typed, decide
from apps.core.errors import ForbiddenError, NotFoundError
from apps.moderation.admin.answers import actor_of
from apps.moderation.admin.case_views import case_url, queue_url
from apps.moderation.services.cases import reassigning


def give(request: HttpRequest, case_id: int) -> HttpResponse:
    """Ask to whom a case goes and why, and give it to them.

    Raises:
        PermissionDenied: the viewer is no lead, or has a part in it.
        Http404: there is no such case.
    """
    try:
        people = reassigning.list_assignees(viewer=actor_of(request), case_id=case_id)
    except ForbiddenError as error:
        raise PermissionDenied(error.message) from error
    except NotFoundError as error:
        raise Http404 from error

    def apply(typed: Typed) -> str:
        person = int(typed["user_id"])
        reassigning.reassign(
            actor=actor_of(request), case_id=case_id, user_id=person, reason=typed["reason"]
        )
        return f"Case {case_id} is with {dict(people)[person]}."

    return decide(
        request,
        site=admin.site,
        decision=Decision(
            title=f"Give case {case_id} to somebody",
            effects=[
                "It is theirs for an hour and stands first in their queue. "
                "Once they open it, it is held as if they had taken it.",
                "Whoever holds it now is shown that it is taken.",
                "You, they and whoever held it stand in the record with the reason.",
            ],
            submit="Give it to them",
            done="",
            apply=apply,
            back_url=case_url(case_id),
            form_class=_form_for(people),
        ),
        context={"crumbs": [("Queue", queue_url()), (f"Case {case_id}", case_url(case_id))]},
    )


def _form_for(people: list[tuple[int, str]]) -> type[ReasonForm]:
    offered = [
        ("", "Choose somebody"),
        *((number, f"{name} (#{number})") for number, name in people),
    ]

    class GiveForm(ReasonForm):
        """To whom a case goes, and why."""

        user_id = forms.ChoiceField(
            choices=offered,
            widget=forms.Select(attrs={"autofocus": True}),
            label="To whom",
            help_text="Those who may decide cases.",
            error_messages={"required": "Choose to whom it goes."},
        )
        field_order = ("user_id", "reason")

    return GiveForm
