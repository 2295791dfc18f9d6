"""Who gets what answer from every operation: one row each, read by test_authorisation."""

from tests.api.matrix.openai import OPENAI
from tests.api.matrix.people import PEOPLE
from tests.api.matrix.row import Row
from tests.api.matrix.staff import STAFF

MATRIX = PEOPLE | STAFF | OPENAI
__all__ = ["MATRIX", "Row"]
