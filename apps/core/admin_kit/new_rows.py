"""Subjects whose rows staff add, on a page that asks for a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse

from apps.core.admin_kit.actions import Button
from apps.core.admin_kit.decisions import Decision, decide
from apps.core.admin_kit.model_admin import StaffModelAdmin

M = TypeVar("M", bound=Model)


class NewRowAdmin(StaffModelAdmin[M]):
    """A subject whose rows staff add, on a page that asks for a reason."""

    new_label: ClassVar[str] = ""
    empty_advice = "Staff add the rows of this list."

    def may_add(self, request: HttpRequest) -> bool:
        """Tell whether the viewer adds rows."""
        raise NotImplementedError

    def new_row(self, request: HttpRequest) -> Decision:
        """Return the page that asks for a new row."""
        raise NotImplementedError

    def list_buttons(self, request: HttpRequest) -> Sequence[Button]:
        """Return the way to the page of a new row."""
        url = reverse(f"{self.admin_site.name}:{self.url_name('new')}")
        return [Button(self.new_label, url, "add")] if self.may_add(request) else []

    def get_urls(self) -> list[URLPattern]:
        """Return the usual addresses and that of a new row."""
        view = self.admin_site.admin_view(self.new_view)
        return [path("new/", view, name=self.url_name("new")), *super().get_urls()]

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a new row and make it.

        Raises:
            PermissionDenied: the viewer adds none.
        """
        if not self.may_add(request):
            raise PermissionDenied
        return decide(
            request,
            site=self.admin_site,
            decision=self.new_row(request),
            context={"opts": self.opts, "crumbs": [self.crumb()], "here": self.new_label},
        )
