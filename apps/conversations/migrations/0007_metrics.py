from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Count how answers ended in a span of time."""

    atomic = False

    dependencies = [
        ('conversations', '0006_lock'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='reply',
            index=models.Index(fields=['queued_at'], include=('model', 'state'), name='reply_by_time'),
        ),
    ]
