"""The page on which people see what they used and what is left."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.core import db
from apps.llm.services import usage_pages
from apps.llm.services.offers import Person


@login_required
@require_safe
async def usage(request: HttpRequest) -> HttpResponse:
    """Show the person's own usage, and their limits with what is left and when they begin anew."""
    viewer = cast("Person", await request.auser())
    context = await db.call(usage_pages.page_of, viewer=viewer)
    return await db.call(render, request, "account/usage.html", context)
