"""The staff's daily work: the queue, the page of a case, and looking things up."""

from apps.moderation.admin import case_records, decision_records, people_records, queue_page

__all__ = ["case_records", "decision_records", "people_records", "queue_page"]
