from django.db import migrations, models


class Migration(migrations.Migration):
    """What the request of a program is known again by when its key comes again."""

    dependencies = [
        ("conversations", "0015_duties_see_shares"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="fingerprint",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
    ]
