from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("users", "0004_duties"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="restriction",
            name="one_open_restriction_per_user",
        ),
    ]
