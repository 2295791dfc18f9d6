from django.conf import settings
from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_LEVEL = 'ROW'
        AND NEW.actor_label = 'account ' || OLD.actor_id
        AND (to_jsonb(NEW) - 'actor_label')::text = (to_jsonb(OLD) - 'actor_label')::text
        {condition}
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Audit events are only ever added.' USING ERRCODE = 'restrict_violation';
END
$$;
"""
IS_GONE = """
        AND NOT EXISTS (SELECT FROM {people} WHERE id = OLD.actor_id)
        AND EXISTS (
            SELECT FROM audit_auditevent WHERE target_type = 'user' AND target_id = OLD.actor_id
                AND action = 'user.deleted' AND data ->> 'role' = 'user'
                AND coalesce(data -> 'duties', '[]') = '[]'
        )
        AND NOT EXISTS (
            SELECT FROM audit_auditevent WHERE target_type = 'user' AND target_id = OLD.actor_id
                AND action IN ('user.role_changed', 'user.duties_changed')
        )
"""


def narrow(apps, schema_editor):
    """Let a name go only where its account is gone and never was of staff."""
    people = apps.get_model(settings.AUTH_USER_MODEL)._meta.db_table
    condition = IS_GONE.format(people=schema_editor.quote_name(people))
    schema_editor.execute(FUNCTION.format(condition=condition))


def widen(apps, schema_editor):
    """Go back to what 0007 let pass."""
    schema_editor.execute(FUNCTION.format(condition=""))


class Migration(migrations.Migration):
    """Nobody takes the name of somebody who is there, or who acted as staff, from the record."""

    dependencies = [
        ("audit", "0007_forget_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [migrations.RunPython(narrow, widen)]
