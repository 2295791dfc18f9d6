from django.db import migrations, models


class Migration(migrations.Migration):
    """People may turn keyboard shortcuts off."""

    dependencies = [
        ("users", "0005_restrictions_beside_each_other"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="uses_shortcuts",
            field=models.BooleanField(db_default=True, default=True),
        ),
    ]
