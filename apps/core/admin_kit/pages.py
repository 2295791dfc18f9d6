"""Pages of the staff site that are about no single row: a queue, a dashboard, a settings page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from django.http import HttpRequest
from django.urls import URLPattern, reverse

from apps.core.admin_kit.jumping import Destination
from apps.core.admin_kit.sections import Section

if TYPE_CHECKING:
    from apps.core.admin_kit.site import StaffSite


class StaffPage:
    """A page with an entry in the menu, beside those of the subjects.

    Attributes:
        section: the job it serves.
        place: its place among what serves the same job.
        name: the name of its address within the site.
        title: its words in menus and headings.
        icon: its sign.
        description: one line for the overview.
        badge_words: what the figure beside the menu's entry counts.
    """

    section: ClassVar[Section]
    place: ClassVar[int] = 0
    name: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str] = "article"
    description: ClassVar[str] = ""
    badge_words: ClassVar[str] = ""

    def __init__(self, site: StaffSite) -> None:
        self.site = site

    def urls(self) -> list[URLPattern]:
        """Return the page's addresses, each behind `self.site.admin_view`."""
        raise NotImplementedError

    def is_allowed(self, request: HttpRequest) -> bool:
        """Tell whether this person may open the page."""
        raise NotImplementedError

    def badge(self, request: HttpRequest) -> str:
        """Return a short figure beside the menu's entry; it must cost next to nothing."""
        return ""

    def destinations(self, request: HttpRequest, term: str) -> Sequence[Destination]:
        """Return where a word typed into the Ctrl-K box leads on this page, besides its title."""
        return ()

    def url(self) -> str:
        """Return the page's address."""
        return reverse(f"{self.site.name}:{self.name}")
