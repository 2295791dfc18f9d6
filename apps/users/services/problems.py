"""Saying which field is wrong and why; kept here for the services that import it from here."""

from apps.core.problems import clean_reason as clean_reason
from apps.core.problems import field_problem as field_problem
from apps.core.problems import validation_failed as validation_failed
