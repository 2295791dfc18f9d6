from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Check the enforcements there are, while others go on working with them."""

    dependencies = [("moderation", "0015_ends")]

    operations = [
        ValidateConstraint(model_name="enforcement", name="only_standing_ends_by_time"),
    ]
