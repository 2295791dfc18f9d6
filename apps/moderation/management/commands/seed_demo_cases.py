"""Opens a few cases about the demo person; running it again changes nothing."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.moderation.services.seeding import demo


class Command(BaseCommand):
    """`python manage.py seed_demo_cases`."""

    help = "Open a few cases on the demo person's history, to try the queue with."

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        """Open them and say how many that were."""
        self.stdout.write(f"Opened {demo.seed_demo_cases()} cases.")
