from django.db import migrations


class Migration(migrations.Migration):
    """Has the index of words filled anew: vowel signs are letters of their words since."""

    dependencies = [
        ("conversations", "0024_titled_from"),
    ]

    operations = [
        migrations.RunSQL(
            [
                "TRUNCATE conversations_searchentry",
                "UPDATE conversations_searchprogress SET through_id = 0",
            ],
            migrations.RunSQL.noop,
        ),
    ]
