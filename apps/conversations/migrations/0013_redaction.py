from django.db import migrations, models


class Migration(migrations.Migration):
    """When passages were taken out of a message, and what its reader is told of the reason."""

    dependencies = [
        ("conversations", "0012_lists"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="redacted_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="redacted_reason",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
