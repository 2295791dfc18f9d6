import django.db.models.deletion
from django.db import migrations, models

OUTCOMES = [("pending", "Pending"), ("agreed", "Agreed"), ("disagreed", "Disagreed")]


class Migration(migrations.Migration):
    """A flag keeps what it was thought to go against, and is agreed with or not."""

    dependencies = [("moderation", "0027_given")]

    operations = [
        migrations.AddField(
            model_name="flag",
            name="policy",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="moderation.policy",
            ),
        ),
        migrations.AlterField(
            model_name="flag",
            name="outcome",
            field=models.CharField(choices=OUTCOMES, default="pending", max_length=20),
        ),
    ]
