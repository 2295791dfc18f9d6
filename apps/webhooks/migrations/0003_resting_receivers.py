from django.db import migrations, models


class Migration(migrations.Migration):
    """A receiver that fails rests between attempts, and is switched off by days of failed ones."""

    dependencies = [
        ("webhooks", "0002_role_permissions"),
    ]

    operations = [
        migrations.AddField(
            model_name="webhookendpoint",
            name="failed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="webhookendpoint",
            name="failures",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="webhookendpoint",
            name="rests_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
