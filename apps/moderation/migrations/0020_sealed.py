from django.db import migrations, models


class Migration(migrations.Migration):
    """A case that staff open again long after it was decided lets nobody into its conversation."""

    dependencies = [("moderation", "0019_readings_found")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="is_sealed",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
