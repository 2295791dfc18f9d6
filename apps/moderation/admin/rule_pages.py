"""The pages that write a rule or a version: forms, and trying what is typed before it is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages as flash
from django.core.exceptions import PermissionDenied
from django.forms import Field
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from apps.core.admin_kit.display import EMPTY
from apps.core.admin_kit.people import has_right
from apps.core.errors import AppError
from apps.moderation.admin.rule_forms import FORMS, PlanForm, VersionForm
from apps.moderation.constants import RuleKind
from apps.moderation.models import Rule, RuleVersion
from apps.moderation.services.policies.policy_choices import list_choices
from apps.moderation.services.rules import rules, trying
from apps.users.models import User

if TYPE_CHECKING:
    from apps.moderation.admin.rules import RuleAdmin

TEMPLATE = "admin/moderation/rule_form.html"


class RulePages:
    """Forms of one subject."""

    def __init__(self, subject: RuleAdmin) -> None:
        self._subject = subject

    def new_rule(self, request: HttpRequest, kind: str) -> HttpResponse:
        """Write a rule of a kind.

        Raises:
            PermissionDenied: this person may not write rules.
            Http404: there is no such kind.
        """
        self._require(request)
        if kind not in FORMS:
            raise Http404
        is_post = request.method == "POST"
        data = request.POST if is_post else None
        plan = PlanForm(data, policies=list_choices())
        version = FORMS[kind](data)
        context: dict[str, Any] = {}
        if is_post and plan.is_valid() & version.is_valid():
            if "try" in request.POST:
                context = self._try(request, version, kind=kind)
            else:
                done = self._create(request, plan, version, RuleKind(kind))
                if done is not None:
                    flash.success(request, "The rule is written. It is off until you set its mode.")
                    return HttpResponseRedirect(self._subject.url_of(done.pk))
        title = f"New rule: {RuleKind(kind).label.lower()}"
        crumbs = [self._subject.crumb()]
        return self._page(request, title, [plan, version], {**context, "crumbs": crumbs})

    def new_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Write another version of a rule.

        Raises:
            PermissionDenied: this person may not write rules.
        """
        self._require(request)
        row = self._subject.row_or_404(request, object_id)
        form_class = FORMS[row.kind]
        latest = row.versions.order_by("-number").first()
        initial = form_class.initial_of(latest.configuration, latest.threshold) if latest else {}
        is_post = request.method == "POST"
        form = form_class(request.POST if is_post else None, initial=initial)
        context: dict[str, Any] = {}
        if is_post and form.is_valid():
            if "try" in request.POST:
                context = self._try(request, form, rule=row)
            else:
                saved = self._save(request, form, row)
                if saved is not None:
                    flash.success(request, f"Version {saved.number} is written.")
                    return HttpResponseRedirect(self._subject.url_of(row.pk))
        crumbs = [self._subject.crumb(), self._subject.crumb_of(row)]
        title = f"New version of “{row.name}”"
        return self._page(request, title, [form], {**context, "crumbs": crumbs, "rule": row})

    def _require(self, request: HttpRequest) -> None:
        if not has_right(request, rules.EDIT):
            raise PermissionDenied

    def _create(
        self, request: HttpRequest, plan: PlanForm, version: VersionForm, kind: RuleKind
    ) -> Rule | None:
        try:
            return rules.create_rule(
                actor=cast("User", request.user),
                plan=plan.plan(kind),
                configuration=version.configuration(),
                threshold=version.least_score,
                note=version.cleaned_data["note"],
            )
        except AppError as error:
            _explain(error, plan, version)
            return None

    def _save(self, request: HttpRequest, form: VersionForm, row: Rule) -> RuleVersion | None:
        try:
            return rules.new_version(
                actor=cast("User", request.user),
                rule_id=row.pk,
                configuration=form.configuration(),
                threshold=form.least_score,
                note=form.cleaned_data["note"],
            )
        except AppError as error:
            _explain(error, form)
            return None

    def _try(
        self, request: HttpRequest, form: VersionForm, *, kind: str = "", rule: Rule | None = None
    ) -> dict[str, Any]:
        try:
            trial = trying.try_text(
                viewer=cast("User", request.user),
                text=request.POST.get("text", ""),
                rule=rule,
                kind=kind,
                draft=form.configuration(),
            )
        except AppError as error:
            _explain(error, form)
            return {}
        return {"trial": trial}

    def _page(
        self, request: HttpRequest, title: str, forms: list[Any], context: dict[str, Any]
    ) -> HttpResponse:
        has_errors = any(form.errors for form in forms)
        values = {
            **self._subject.admin_site.each_context(request),
            "title": title,
            "opts": self._subject.opts,
            "here": "New",
            "forms": forms,
            "tried_text": request.POST.get("text", ""),
            "problem": "Some of this does not fit." if has_errors else "",
            **context,
        }
        return TemplateResponse(request, TEMPLATE, values, status=400 if has_errors else 200)


def shown(version: RuleVersion) -> list[tuple[str, list[str]]]:
    """Return a configuration in the words of the form that it was written with."""
    stored = dict(version.configuration)
    known = FORMS[version.rule.kind].base_fields
    order = [name for name in FORMS[version.rule.kind].field_order or () if name in stored]
    rest = [name for name in stored if name not in order]
    return [_line(name, stored[name], known.get(name)) for name in [*order, *rest]]


def _line(name: str, value: object, field: Field | None) -> tuple[str, list[str]]:
    """Return one part of a configuration: what it is, and its values as they are read."""
    label = str(field.label) if field is not None else name.replace("_", " ").capitalize()
    if isinstance(value, bool):
        return label, ["Yes" if value else "No"]
    choices = {key: str(words) for key, words in getattr(field, "choices", ())}
    values = value if isinstance(value, list) else [value]
    words = [choices.get(one, str(one)) for one in values if one not in (None, "")]
    return label, words or [EMPTY]


def _explain(error: AppError, *forms: Any) -> None:  # noqa: ANN401
    """Put what a service says beside its field, or above the last form."""
    told = False
    for detail in error.details or []:
        for form in forms:
            if detail["field"] in form.fields:
                form.add_error(detail["field"], detail["message"])
                told = True
                break
    if not told:
        forms[-1].add_error(None, error.sentence)
