"""Which requests come from programs: they carry a bearer token and never a cookie."""

from apps.core import constants


def is_program_path(path: str) -> bool:
    """Tell whether the address is for programs: API, OpenAI-compatible routes, health, metrics."""
    return path.startswith(constants.PROGRAM_PREFIXES)


def is_api_path(path: str) -> bool:
    """Tell whether errors at this address are answered in a program's form."""
    return path.startswith((constants.ENVELOPE_PREFIX, constants.OPENAI_PREFIX))


def is_openai_path(path: str) -> bool:
    """Tell whether errors at this address are answered in OpenAI's form."""
    return path.startswith(constants.OPENAI_PREFIX)
