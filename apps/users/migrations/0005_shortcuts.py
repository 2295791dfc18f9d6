from django.db import migrations, models


class Migration(migrations.Migration):
    """People may turn keyboard shortcuts off."""

    dependencies = [
        ("users", "0004_duties"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="uses_shortcuts",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
