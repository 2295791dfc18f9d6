from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Find service accounts, and tokens whose owners are to be told that they end."""

    atomic = False

    dependencies = [
        ("users", "0007_programs"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='apitoken',
            index=models.Index(condition=models.Q(('revoked_at', None), ('warned_at', None)), fields=['expires_at'], name='token_to_warn_of'),
        ),
        AddIndexConcurrently(
            model_name='user',
            index=models.Index(condition=models.Q(('kind', 'service')), fields=['-id'], name='user_services'),
        ),
    ]
