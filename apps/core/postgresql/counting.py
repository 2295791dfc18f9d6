"""Counting within a larger query."""

from django.db.models import IntegerField, Subquery


class CountOf(Subquery):
    """How many rows a query finds, as a column of another one; a sliced query bounds the count."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
