from django.db import migrations, models


class Migration(migrations.Migration):
    """The time of a case that was opened again counts from then."""

    dependencies = [("moderation", "0010_passages")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="reopened_at",
            field=models.DateTimeField(null=True),
        ),
    ]
