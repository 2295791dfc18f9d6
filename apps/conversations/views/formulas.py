"""Formulas of an answer that is still being written, drawn as they will be at its end."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from apps.core import rate_limits
from apps.core.errors import AppError, PayloadTooLargeError
from apps.core.markdown import render_formula

MAX_FORMULAS_AT_ONCE = 20
MAX_CHARS_AT_ONCE = 8_000


@login_required
@require_POST
async def draw(request: HttpRequest) -> HttpResponse:
    """Answer each formula of the form as markup, null where it cannot be drawn."""
    viewer: Any = await request.auser()
    sources = request.POST.getlist("formula")
    try:
        await rate_limits.check("formulas", f"user:{viewer.pk}", settings.RATE_LIMIT_FORMULAS)
        if len(sources) > MAX_FORMULAS_AT_ONCE or sum(map(len, sources)) > MAX_CHARS_AT_ONCE:
            raise PayloadTooLargeError
    except AppError as error:
        return JsonResponse({"message": error.message}, status=error.status_code)
    return JsonResponse({"formulas": [render_formula(source) for source in sources]})
