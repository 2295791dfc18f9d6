from django.db import migrations, models


class Migration(migrations.Migration):
    """Until when a lookup of a price has held, for calls that began before."""

    dependencies = [
        ("llm", "0017_usage_summed"),
    ]

    operations = [
        migrations.AddField(
            model_name="pricelookup",
            name="retired_at",
            field=models.DateTimeField(null=True),
        ),
    ]
