from django.db import migrations


class Migration(migrations.Migration):
    """What an answer reserves stands with the counters of quotas, and nowhere else."""

    dependencies = [
        ("conversations", "0017_asked"),
    ]

    operations = [
        migrations.RemoveField(model_name="reply", name="reserved_tokens"),
    ]
