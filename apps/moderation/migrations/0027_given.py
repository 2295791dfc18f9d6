from django.db import migrations, models


class Migration(migrations.Migration):
    """A case knows that it was given and is not opened yet."""

    dependencies = [("moderation", "0026_links_revoked")]

    operations = [
        migrations.AddField(
            model_name="case", name="given_at", field=models.DateTimeField(null=True)
        ),
    ]
