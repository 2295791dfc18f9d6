from django.db import migrations, models


class Migration(migrations.Migration):
    """What a model thought beside its text, for whoever finds the worker of an answer lost."""

    dependencies = [
        ("conversations", "0018_without_reserved_tokens"),
    ]

    operations = [
        migrations.AddField(
            model_name="reply",
            name="thought_tokens",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
