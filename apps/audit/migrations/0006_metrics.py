from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Find what was done in a span of time by its word."""

    atomic = False

    dependencies = [
        ('audit', '0005_moderators_read'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='auditevent',
            index=models.Index(fields=['action', 'created_at'], name='audit_by_action_time'),
        ),
    ]
