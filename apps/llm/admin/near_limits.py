"""Who is near a limit: every quota of which much is used, whoever holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from apps.core.admin_kit.display import moment
from apps.core.admin_kit.pages import StaffPage
from apps.core.admin_kit.people import has_right
from apps.core.admin_kit.sections import Section
from apps.core.rights import Actor
from apps.llm.admin.quotas import QuotaAdmin
from apps.llm.models import Quota
from apps.llm.services import naming, quota_reports, quota_words
from apps.llm.services.quota_reports import Near

if TYPE_CHECKING:
    from apps.core.admin_kit.site import StaffSite

SHARE = "share"


class NearLimitsPage(StaffPage):
    """The quotas that are nearly or wholly used, of people, groups, tokens and models."""

    section = Section.MODELS
    place = 3
    name = "near_limits"
    title = "Near a limit"
    icon = "data_thresholding"
    description = "Who has used most of a quota, and when it begins anew."

    def urls(self) -> list[URLPattern]:
        """Return the address of the page."""
        return [path("models/limits/", self.site.admin_view(self.show), name=self.name)]

    def is_allowed(self, request: HttpRequest) -> bool:
        """Open it to those who may see quotas."""
        return has_right(request, quota_reports.VIEW)

    def show(self, request: HttpRequest) -> HttpResponse:
        """Show who has used the chosen share of a quota, the nearest to its end first."""
        if not self.is_allowed(request):
            raise PermissionDenied
        chosen = quota_reports.share_of(request.GET.get(SHARE, ""))
        viewer = cast("Actor", request.user)
        found = quota_reports.near_limits(viewer=viewer, share=chosen)
        shares = [
            (f"{share}%", f"{self.url()}?{urlencode({SHARE: share})}", share == chosen)
            for share in quota_reports.SHARES
        ]
        context = {
            **self.site.each_context(request),
            "title": self.title,
            "share": chosen,
            "shares": shares,
            "rows": [self._row(near) for near in found.rows],
            "has_more": found.has_more,
        }
        return TemplateResponse(request, "admin/llm/near_limits.html", context)

    def _row(self, near: Near) -> dict[str, Any]:
        quota, unit = near.quota, near.quota.unit
        quotas = cast("QuotaAdmin", self.site._registry[Quota])  # noqa: SLF001
        return {
            "who": self._who(quotas, near),
            "quota": quotas.link_to(quota, quotas.allows(quota)),
            "kind": quota.get_kind_display(),
            "effect": quotas.effect(quota),
            "used": quota_words.amount(near.used, unit),
            "reserved": quota_words.amount(near.reserved, unit),
            "left": quota_words.amount(near.left, unit),
            "percent": f"{near.share:.0%}",
            "value": min(100, round(near.share * 100)),
            "is_used_up": not near.left,
            "begins_anew": moment(near.ends_at),
        }

    def _who(self, quotas: QuotaAdmin, near: Near) -> object:
        quota = near.quota
        if near.person is not None:
            return quotas.link_to(near.person, near.person.name)
        if quota.api_token is not None:
            return quotas.link_to(quota.api_token, quota.api_token.name)
        if quota.group is not None:
            return quota.group.name
        return naming.label_of(quota.chat_model_id, quota.model_name)


cast("StaffSite", admin.site).register_page(NearLimitsPage)
