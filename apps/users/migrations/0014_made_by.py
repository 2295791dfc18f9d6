import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A token knows which token it was made with."""

    dependencies = [
        ("users", "0013_members_found"),
    ]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="made_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="made",
                to="users.apitoken",
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="made_by_name",
            field=models.CharField(blank=True, db_default="", default="", max_length=80),
        ),
    ]
