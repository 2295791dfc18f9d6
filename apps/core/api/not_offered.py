"""Parameters that others know and that change something here, so that they are refused by name."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import CoreSchema, PydanticCustomError, core_schema


class NotOffered:
    """The type of a parameter that would change the answer and cannot be passed on.

    Args:
        sentence: why, and what to do.
        harmless: values, besides null, that stand for the way that things are here anyway.
    """

    def __init__(self, sentence: str, harmless: Sequence[object] = ()) -> None:
        self.sentence = sentence
        self.harmless = (None, *harmless)

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> CoreSchema:
        """Check a value by this class alone."""
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: object) -> dict[str, Any]:
        """Name the values that pass, and why no others do."""
        kinds = [_schema_of(value) for value in self.harmless]
        return {"anyOf": kinds, "description": f"Not offered. {self.sentence}"}

    def check(self, value: Any) -> Any:  # noqa: ANN401
        """Return a harmless value.

        Raises:
            PydanticCustomError: it is another one; `true` is not `1` here.
        """
        if repr(value) not in map(repr, self.harmless):
            raise PydanticCustomError("not_offered", self.sentence)
        return value


def _schema_of(value: object) -> dict[str, Any]:
    """Return a schema that one value fits, in words that generators of clients understand."""
    if value is None:
        return {"type": "null"}
    if isinstance(value, list):
        items = _schema_of(value[0]) if value else {}
        return {"type": "array", "items": items, "minItems": len(value), "maxItems": len(value)}
    names = {bool: "boolean", int: "integer", str: "string"}
    return {"type": names[type(value)], "const": value}
