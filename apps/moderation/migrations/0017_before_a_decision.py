import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A decision keeps which policy and severity its case had before, for whoever takes it back."""

    dependencies = [("moderation", "0016_ends_checked")]

    operations = [
        migrations.AddField(
            model_name="decision",
            name="policy_before",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="moderation.policy",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="severity_before",
            field=models.PositiveSmallIntegerField(null=True),
        ),
    ]
