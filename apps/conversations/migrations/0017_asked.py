from django.db import migrations, models


class Migration(migrations.Migration):
    """Whether a model was asked, for whoever finds the worker of an answer lost."""

    dependencies = [
        ("conversations", "0016_fingerprint"),
    ]

    operations = [
        migrations.AddField(
            model_name="reply",
            name="is_asked",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
