from django.db import migrations, models


class Migration(migrations.Migration):
    """When a model server that asked to wait may be asked again, for whoever asks by program."""

    dependencies = [
        ("conversations", "0019_thought_tokens"),
    ]

    operations = [
        migrations.AddField(
            model_name="reply",
            name="retry_at",
            field=models.DateTimeField(null=True),
        ),
    ]
