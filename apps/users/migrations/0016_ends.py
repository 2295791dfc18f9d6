import datetime

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """A restriction ends at a moment that can be read again."""

    dependencies = [("users", "0015_made_found")]

    operations = [
        AddConstraintNotValid(
            model_name="restriction",
            constraint=models.CheckConstraint(
                condition=models.Q(ends_at=None)
                | models.Q(
                    ends_at__gte=datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC),
                    ends_at__lt=datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC),
                ),
                name="restriction_end_is_known",
            ),
        ),
    ]
