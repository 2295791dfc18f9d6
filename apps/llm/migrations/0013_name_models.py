from collections import Counter

from django.conf import settings
from django.db import migrations, transaction

AT_ONCE = 50_000
LINES = """
    UPDATE llm_usagerecord AS line
    SET chat_model_id = coalesce(tried.id, known.id, line.chat_model_id),
        price_source = CASE WHEN line.price_id IS NULL THEN '' ELSE 'staff' END
    FROM llm_usagerecord AS same
    LEFT JOIN unnest(%(names)s::text[], %(numbers)s::bigint[]) AS known (name, id)
        ON known.name = same.model
    LEFT JOIN llm_chatmodel AS tried ON same.purpose = 'trial' AND tried.id = same.reference_id
    WHERE line.id = same.id AND same.id > %(after)s AND same.id <= %(until)s
        AND line.chat_model_id IS NULL AND line.price_source = ''
        AND coalesce(tried.id, known.id, line.price_id) IS NOT NULL
"""
NAMED = """
    UPDATE {table} AS one SET chat_model_id = known.id
    FROM unnest(%(names)s::text[], %(numbers)s::bigint[]) AS known (name, id)
    WHERE one.model_name = known.name AND one.chat_model_id IS NULL AND {condition}
"""
DAYS = """
    UPDATE llm_usageday AS one SET chat_model_id = known.id
    FROM unnest(%(names)s::text[], %(numbers)s::bigint[]) AS known (name, id)
    WHERE one.model = known.name AND one.chat_model_id IS NULL
        AND one.id > %(after)s AND one.id <= %(until)s
        AND NOT EXISTS (
            SELECT FROM llm_usageday AS newer
            WHERE newer.user_id IS NOT DISTINCT FROM one.user_id AND newer.day = one.day
                AND newer.model = one.model AND newer.api_token_id = one.api_token_id
                AND newer.purpose = one.purpose AND newer.chat_model_id = known.id
        )
"""


def name_models(apps, schema_editor):
    """Say which model of the catalogue old rows are of, where only one is called so.

    A name that two providers use, or none, is left alone: such rows are of all models of the name.
    """
    connection = schema_editor.connection
    models = apps.get_model("llm", "ChatModel").objects.all()
    called = {
        row.pk: settings.OPENAI_MODEL if row.follows_settings else row.name for row in models
    }
    counts = Counter(called.values())
    only = {name: number for number, name in called.items() if name and counts[name] == 1}
    values = {"names": list(only), "numbers": list(only.values())}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE llm_price DISABLE TRIGGER llm_append_only")
        for table, condition in (
            ("llm_price", "NOT one.is_prefix AND one.lookup_id IS NULL"),
            ("llm_quota", "one.kind = 'model'"),
            ("llm_pause", "true"),
        ):
            cursor.execute(NAMED.format(table=table, condition=condition), values)
        cursor.execute("ALTER TABLE llm_price ENABLE TRIGGER llm_append_only")
    for table, statement in (("llm_usagerecord", LINES), ("llm_usageday", DAYS)):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
            last = cursor.fetchone()[0]
            for after in range(0, last, AT_ONCE):
                cursor.execute(statement, {**values, "after": after, "until": after + AT_ONCE})


class Migration(migrations.Migration):
    """Rows from before know their model of the catalogue, where its name says which it is."""

    atomic = False

    dependencies = [
        ("llm", "0012_days_of_models"),
    ]

    operations = [
        migrations.RunPython(name_models, migrations.RunPython.noop),
    ]
