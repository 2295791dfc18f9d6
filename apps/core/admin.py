"""The work that runs behind the pages, for admins to look at."""

from __future__ import annotations

import json

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob

from apps.core.admin_kit.details import Detail, Fact, Figure, Front, Table, Text
from apps.core.admin_kit.display import EMPTY, Tone, badge, moment, preview
from apps.core.admin_kit.filters import choice_filter, count_up_to
from apps.core.admin_kit.model_admin import StaffModelAdmin
from apps.core.admin_kit.people import is_admin
from apps.core.admin_kit.sections import Section
from apps.core.jobs import CAUSE, given_to
from apps.core.querysets import events_of_job, waiting_jobs

COUNT_LIMIT = 1_000
EVENTS_SHOWN = 50
STATUS_LOOKS = {
    "todo": ("Waiting", Tone.NEUTRAL, "schedule"),
    "doing": ("Running", Tone.LIVE, "progress_activity"),
    "succeeded": ("Done", Tone.GOOD, "check"),
    "failed": ("Failed", Tone.DANGER, "error"),
    "cancelled": ("Cancelled", Tone.WARNING, "block"),
    "aborted": ("Aborted", Tone.WARNING, "block"),
}


if admin.site.is_registered(ProcrastinateJob):
    admin.site.unregister(ProcrastinateJob)


@admin.register(ProcrastinateJob)
class JobAdmin(StaffModelAdmin[ProcrastinateJob]):
    """Jobs of the worker; they are only looked at, and only by admins."""

    section = Section.SYSTEM
    heading = "Jobs"
    icon = "manufacturing"
    description = "What the worker does, did, or could not do."
    search_advice = "Search by the job's number."
    search_help_text = "Job number"
    list_display = ("number", "task", "status_badge", "arguments", "attempts", "queue_name")
    list_filter = (
        choice_filter(
            title="state",
            parameter_name="status",
            options=tuple((value, look[0]) for value, look in STATUS_LOOKS.items()),
        ),
    )
    ordering = ("-id",)

    def has_view_permission(
        self, request: HttpRequest, obj: ProcrastinateJob | None = None
    ) -> bool:
        """Open it to admins."""
        return is_admin(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProcrastinateJob]:
        """Return the jobs without what only the worker needs."""
        return super().get_queryset(request).defer("lock", "queueing_lock", "abort_requested")

    @admin.display(description="Job", ordering="id")
    def number(self, job: ProcrastinateJob) -> str:
        """Show the job's number."""
        return f"#{job.pk}"

    @admin.display(description="Task")
    def task(self, job: ProcrastinateJob) -> str:
        """Show the last part of the task's name."""
        return job.task_name.rpartition(".")[2]

    @admin.display(description="State")
    def status_badge(self, job: ProcrastinateJob) -> SafeString:
        """Show the state."""
        return badge(*STATUS_LOOKS.get(job.status, (job.status, Tone.NEUTRAL, "")))

    @admin.display(description="With")
    def arguments(self, job: ProcrastinateJob) -> str:
        """Show what the task was given, shortened."""
        given = given_to(job.args)
        return preview(", ".join(f"{key} {value}" for key, value in given.items())) or EMPTY

    def detail(self, request: HttpRequest, row: ProcrastinateJob) -> Detail:
        """Show the job with everything that happened to it."""
        events = events_of_job(ProcrastinateEvent.objects.all(), row.pk)[:EVENTS_SHOWN]
        given = json.dumps(given_to(row.args), indent=2, ensure_ascii=False)
        return Detail(
            title=f"Job {row.pk}: {self.task(row)}",
            badges=[self.status_badge(row)],
            facts=[
                Fact("Task", row.task_name),
                Fact("Queue", row.queue_name),
                Fact("Attempts", row.attempts),
                Fact("Scheduled", moment(row.scheduled_at)),
                Fact("Worker", row.worker_id or EMPTY),
                Fact("Request", row.args.get(CAUSE, EMPTY)),
            ],
            texts=[Text("Given", given, is_code=True)],
            tables=[
                Table(
                    "What happened",
                    ("When", "What"),
                    [(moment(event.at), event.type.replace("_", " ")) for event in events],
                )
            ],
        )

    def front(self, request: HttpRequest) -> Front:
        """Show how much work waits and how much failed."""
        jobs = ProcrastinateJob.objects.all()
        waiting = count_up_to(waiting_jobs(jobs), COUNT_LIMIT)
        newest = jobs.order_by("-id").values("pk", "status")[:COUNT_LIMIT]
        failed = sum(job["status"] == "failed" for job in newest)
        return Front(
            figures=[
                Figure(
                    "Jobs waiting",
                    waiting,
                    f"{failed} of the last {len(newest):,} failed",
                    self.list_url(),
                    tone="warning" if failed else "neutral",
                    icon=self.icon,
                )
            ]
        )
