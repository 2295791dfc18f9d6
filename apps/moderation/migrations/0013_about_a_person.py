import django.db.models.deletion
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """A case may be about a person alone; a decision may only lift what an earlier one did."""

    dependencies = [("moderation", "0012_people_of_a_day")]

    operations = [
        migrations.AlterField(
            model_name="case",
            name="message",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="conversations.message",
            ),
        ),
        migrations.AlterField(
            model_name="case",
            name="conversation",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="conversations.conversation",
            ),
        ),
        AddConstraintNotValid(
            model_name="case",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    conversation__isnull=True, message__isnull=True, target_role="person"
                )
                | models.Q(
                    models.Q(target_role="person", _negated=True),
                    ("conversation__isnull", False),
                    ("message__isnull", False),
                ),
                name="case_about_a_person_has_no_text",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="is_lift",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
