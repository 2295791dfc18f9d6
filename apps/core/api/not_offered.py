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
        return {"enum": list(self.harmless), "description": f"Not offered. {self.sentence}"}

    def check(self, value: Any) -> Any:  # noqa: ANN401
        """Return a harmless value.

        Raises:
            PydanticCustomError: it is another one; `true` is not `1` here.
        """
        if repr(value) not in map(repr, self.harmless):
            raise PydanticCustomError("not_offered", self.sentence)
        return value
