import datetime

from django.db import migrations, models

WITHOUT_END = "UPDATE moderation_rule SET expires_at = NULL WHERE expires_at >= '9999-01-01 00:00+00'"


class Migration(migrations.Migration):
    """A rule ends at a moment that every process can read."""

    dependencies = [("moderation", "0023_grants_found")]

    operations = [
        migrations.RunSQL(WITHOUT_END, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(expires_at=None)
                | models.Q(
                    expires_at__gte=datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC),
                    expires_at__lt=datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC),
                ),
                name="rule_end_is_known",
            ),
        ),
    ]
