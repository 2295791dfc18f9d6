from django.db import migrations, models


class Migration(migrations.Migration):
    """Keep from when on the account of somebody who leaves is erased."""

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('users', '0008_programs_found'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='erase_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('erase_at', None), ('is_active', False), _connector='OR'), name='user_to_erase_is_closed'),
        ),
    ]
