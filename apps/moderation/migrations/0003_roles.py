from django.db import migrations

VIEW = [
    "appeal", "backtest", "backtestmatch", "case", "decision", "enforcement", "flag", "note",
    "notice", "policy", "policyversion", "rule", "rulehit", "ruleversion", "strike", "threshold",
]
VIEWS = [(model, f"view_{model}") for model in VIEW]
DECIDE = [("case", "decide_case"), ("accessgrant", "read_conversation")]
LEAD = [
    ("threshold", "add_threshold"),
    ("threshold", "change_threshold"),
    ("threshold", "delete_threshold"),
    ("appeal", "decide_appeal"),
    ("policy", "edit_policy"),
    ("case", "export_case"),
    ("case", "override_case"),
    ("accessgrant", "reveal_person"),
    ("accessgrant", "view_accessgrant"),
    ("case", "view_metrics"),
]
RULES = ["backtest", "backtestmatch", "policy", "policyversion", "rule", "rulehit", "ruleversion"]
AUTHOR = [("rule", "edit_rule"), *((model, f"view_{model}") for model in RULES)]
APPROVER = [*AUTHOR, ("rule", "enforce_rule")]
GROUPS = {
    "admin": [*VIEWS, *DECIDE, *LEAD, *APPROVER],
    "moderator": [*VIEWS, *DECIDE],
    "lead": [*VIEWS, *DECIDE, *LEAD],
    "rule_author": AUTHOR,
    "rule_approver": APPROVER,
    "auditor": [
        *VIEWS,
        ("accessgrant", "read_conversation"),
        ("accessgrant", "view_accessgrant"),
        ("case", "export_case"),
        ("case", "view_metrics"),
    ],
    "support": [],
}
SEEING = [
    ("audit", "auditevent", "view_auditevent"),
    ("conversations", "conversation", "view_conversation"),
    ("conversations", "message", "view_message"),
    ("conversations", "reply", "view_reply"),
    ("llm", "usagerecord", "view_usagerecord"),
]
PEOPLE = [("users", "restriction", "view_restriction"), ("users", "user", "view_user")]
ACTING = [
    ("conversations", "message", "hide_message"),
    ("conversations", "reply", "halt_reply"),
    ("users", "user", "change_standing"),
]
OTHERS = {
    "lead": [*SEEING, *ACTING, *PEOPLE],
    "auditor": [*SEEING, *PEOPLE],
    "support": PEOPLE,
}
NAMES = {
    "decide_case": "Can claim and decide cases and write notes",
    "override_case": "Can take over, reassign, decide in bulk and reverse others",
    "export_case": "Can export cases",
    "view_metrics": "Can see the moderation dashboard",
    "read_conversation": "Can read a private conversation with a reason",
    "reveal_person": "Can see an email address or IP with a reason",
    "decide_appeal": "Can decide appeals",
    "edit_policy": "Can write policies",
    "edit_rule": "Can write rules and set them to shadow or flag",
    "enforce_rule": "Can set rules to enforce",
}


def grant(apps, schema_editor):
    """Give every role and duty its rights, and make the groups of the duties."""
    for name, rights in GROUPS.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        wanted = [("moderation", *right) for right in rights] + OTHERS.get(name, [])
        for app_label, model, codename in wanted:
            kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(
                app_label=app_label, model=model
            )
            permission, _ = apps.get_model("auth", "Permission").objects.get_or_create(
                content_type=kind,
                codename=codename,
                defaults={"name": NAMES.get(codename, f"Can {codename.replace('_', ' ')}")},
            )
            group.permissions.add(permission)


class Migration(migrations.Migration):
    """Who may do what here; nobody needs to be a superuser for daily work."""

    dependencies = [
        ("moderation", "0002_append_only"),
        ("users", "0004_duties"),
        ("conversations", "0006_lock"),
        ("audit", "0005_moderators_read"),
        ("llm", "0003_role_permissions"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(grant, migrations.RunPython.noop)]
