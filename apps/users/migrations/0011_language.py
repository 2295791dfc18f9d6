from django.db import migrations, models


class Migration(migrations.Migration):
    """Keep the language in which a person wants to be written to."""

    dependencies = [
        ("users", "0010_leaving_found"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="language",
            field=models.CharField(blank=True, db_default="", default="", max_length=20),
        ),
    ]
