from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Serve the figures of the dashboard without reading whole tables."""

    atomic = False

    dependencies = [
        ('conversations', '0007_metrics'),
        ('moderation', '0004_rule_days'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='accessgrant',
            index=models.Index(fields=['created_at'], name='grant_by_time'),
        ),
        AddIndexConcurrently(
            model_name='case',
            index=models.Index(fields=['conversation'], name='case_by_conversation'),
        ),
        AddIndexConcurrently(
            model_name='case',
            index=models.Index(fields=['created_at'], include=('source',), name='case_by_opening'),
        ),
        AddIndexConcurrently(
            model_name='case',
            index=models.Index(condition=models.Q(('state', 'closed')), fields=['closed_at'], include=('due_at',), name='case_by_closing'),
        ),
        AddIndexConcurrently(
            model_name='case',
            index=models.Index(condition=models.Q(('state', 'closed'), _negated=True), fields=['severity', 'created_at'], include=('due_at',), name='case_backlog'),
        ),
        AddIndexConcurrently(
            model_name='enforcement',
            index=models.Index(fields=['created_at'], name='enforcement_by_time'),
        ),
        AddIndexConcurrently(
            model_name='rulehit',
            index=models.Index(fields=['created_at'], include=('rule', 'outcome', 'latency_us', 'shown_chars'), name='hit_by_time'),
        ),
    ]
