from django.db import migrations, models


class Migration(migrations.Migration):
    """What the owner of a link is told when staff revoke it."""

    dependencies = [
        ("conversations", "0022_sent_tokens"),
    ]

    operations = [
        migrations.AddField(
            model_name="share",
            name="reason_for_user",
            field=models.TextField(blank=True, default="", db_default=""),
        ),
    ]
