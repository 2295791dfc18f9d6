from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """The language of a case, and what the queue's menus of languages and models are read from."""

    atomic = False
    dependencies = [
        ("moderation", "0008_overrides_and_guards"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="language",
            field=models.CharField(blank=True, db_default="", max_length=8),
        ),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(("state", "closed"), _negated=True),
                fields=["language", "model"],
                name="case_by_language",
            ),
        ),
    ]
