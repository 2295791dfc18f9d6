"""What people think of answers, with how each model stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from apps.conversations.constants import Rating
from apps.conversations.models import Feedback
from apps.core.admin_kit.details import Detail, Fact, Front, Table, Text
from apps.core.admin_kit.display import EMPTY, Tone, badge, link, moment, preview
from apps.core.admin_kit.filters import choice_filter
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.sections import Section

RECENT_RATINGS = 1_000
MODELS_SHOWN = 8
LOOKS = {Rating.GOOD: (Tone.GOOD, "thumb_up"), Rating.BAD: (Tone.DANGER, "thumb_down")}


@admin.register(Feedback)
class FeedbackAdmin(StaffModelAdmin[Feedback]):
    """Every rating of an answer, the newest answer first."""

    section = Section.REVIEW
    place = 3
    icon = "thumbs_up_down"
    description = "What people think of answers, and why."
    search_keys = {
        "message": "pk",
        "conversation": "message__conversation_id",
        "user": "message__conversation__owner_id",
    }
    search_advice = "Search by number, conversation:12 or user:12."
    search_help_text = "Number, conversation:12, user:12"
    list_display = ("number", "rated", "rating_shown", "answered_by", "says", "owner")
    list_filter = (
        choice_filter(title="rating", parameter_name="rating", options=tuple(Rating.choices)),
    )
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feedback]:
        """Return the ratings with the answer's model and whose conversation it is."""
        rows = super().get_queryset(request)
        return rows.select_related("message__reply", "message__conversation__owner").defer(
            "message__content", "message__html"
        )

    @admin.display(description="Answer", ordering="pk")
    def number(self, feedback: Feedback) -> str:
        """Show the number of the answer."""
        return f"#{feedback.pk}"

    @admin.display(description="Rated")
    def rated(self, feedback: Feedback) -> SafeString | str:
        """Show when it was rated last."""
        return moment(feedback.updated_at)

    @admin.display(description="Rating")
    def rating_shown(self, feedback: Feedback) -> SafeString:
        """Show the rating."""
        rating = Rating(feedback.rating)
        return badge(rating.label, *LOOKS[rating])

    @admin.display(description="Model")
    def answered_by(self, feedback: Feedback) -> str:
        """Show which model answered."""
        return str(feedback.message.reply.model)

    @admin.display(description="Reason")
    def says(self, feedback: Feedback) -> str:
        """Show the beginning of the reason, which was written for staff."""
        return preview(feedback.reason, length=80) or EMPTY

    @admin.display(description="By")
    def owner(self, feedback: Feedback) -> SafeString | str:
        """Link to the person who asked."""
        person = feedback.message.conversation.owner
        return self.link_to(person, person.name)

    def detail(self, request: HttpRequest, row: Feedback) -> Detail:
        """Show one rating with its whole reason."""
        message = self.subject("message")
        answer = link(message.url_of(row.pk), f"#{row.pk}") if message else row.pk
        return Detail(
            title=f"Feedback on answer {row.pk}",
            badges=[self.rating_shown(row)],
            facts=[
                Fact("Answer", answer),
                Fact("Model", self.answered_by(row)),
                Fact("By", self.owner(row)),
                Fact("Rated first", moment(row.created_at)),
                Fact("Rated last", moment(row.updated_at)),
            ],
            texts=[Text("Reason", row.reason)] if row.reason else [],
            related=self.lists_of(request, f"message:{row.pk}", "reply"),
        )

    def front(self, request: HttpRequest) -> Front:
        """Show how the models stand in what was rated lately."""
        newest = Feedback.objects.order_by("-pk").values_list("message__reply__model", "rating")
        recent = list(newest[:RECENT_RATINGS])
        return Front(table=self._models_table(recent))

    def _models_table(self, rated: Sequence[tuple[str, str]]) -> Table:
        times = Counter(rated)
        models = Counter(model for model, _ in rated).most_common(MODELS_SHOWN)
        rows = [
            (
                model,
                f"{times[model, Rating.GOOD]:,}",
                f"{times[model, Rating.BAD]:,}",
                f"{times[model, Rating.GOOD] / total:.0%}",
            )
            for model, total in models
        ]
        more = f"{self.list_url()}?rating={Rating.BAD}"
        columns = ("Model", "Good", "Bad", "Share of good")
        label = f"Last {len(rated):,} ratings" if rated else "Ratings"
        return Table(label, columns, rows, "Nobody rated yet.", more)
