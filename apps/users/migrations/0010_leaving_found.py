from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Find accounts whose time to come back has passed."""

    atomic = False

    dependencies = [
        ("users", "0009_leaving"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='user',
            index=models.Index(condition=models.Q(('erase_at__isnull', False)), fields=['erase_at'], name='user_to_erase'),
        ),
    ]
