from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

WITHOUT_END = "UPDATE users_restriction SET ends_at = NULL WHERE ends_at >= '9999-01-01 00:00+00'"


class Migration(migrations.Migration):
    """Check the restrictions there are; an end that nobody sees becomes none."""

    dependencies = [("users", "0016_ends")]

    operations = [
        migrations.RunSQL(WITHOUT_END, migrations.RunSQL.noop),
        ValidateConstraint(model_name="restriction", name="restriction_end_is_known"),
    ]
