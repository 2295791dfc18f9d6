from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    """Check the cases there are, while others go on working with them."""

    dependencies = [("moderation", "0013_about_a_person")]

    operations = [
        ValidateConstraint(model_name="case", name="case_about_a_person_has_no_text"),
    ]
