from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Find what was made with a token."""

    atomic = False

    dependencies = [
        ("users", "0014_made_by"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="apitoken",
            index=models.Index(
                condition=models.Q(("made_by__isnull", False)),
                fields=["made_by"],
                name="token_by_maker",
            ),
        ),
    ]
