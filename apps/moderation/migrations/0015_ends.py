from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """Only what restricts or suspends a person ends by the clock.

    What else had an end goes on until a decision takes it back: the text was never given back by
    the clock, but nothing could take it back any more.
    """

    dependencies = [("moderation", "0014_about_a_person_checked")]

    operations = [
        migrations.RunSQL(
            "UPDATE moderation_enforcement SET ends_at = NULL"
            " WHERE ends_at IS NOT NULL AND kind NOT IN ('restrict', 'suspend')",
            migrations.RunSQL.noop,
        ),
        AddConstraintNotValid(
            model_name="enforcement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends_at", None), ("kind__in", ("restrict", "suspend")), _connector="OR"
                ),
                name="only_standing_ends_by_time",
            ),
        ),
    ]
