"""Makes gateways. Cheap to import: LangChain is loaded when the first gateway is built."""

import os
from importlib import import_module
from typing import Any, cast

from apps.llm.gateway.config import GatewayConfig
from apps.llm.gateway.contract import AskedToWait, ChatGateway

_TRACING_SWITCHES = (
    "LANGSMITH_TRACING",
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING",
    "LANGCHAIN_TRACING_V2",
)


def warm() -> None:
    """Load what a model call needs, so that the first person does not wait for it.

    For the start of a process that lives long.
    """
    _forbid_tracing()
    import_module("apps.llm.gateway.langchain_gateway")


def build_gateway(
    config: GatewayConfig, *, asked_to_wait: AskedToWait | None = None
) -> ChatGateway:
    """Return a new gateway; whoever builds it closes it.

    Args:
        config: of the model server.
        asked_to_wait: is told of the seconds that the server asks to wait; None for nobody.
    """
    _forbid_tracing()
    module: Any = import_module("apps.llm.gateway.langchain_gateway")
    hooks = {} if asked_to_wait is None else {"asked_to_wait": asked_to_wait}
    return cast("ChatGateway", module.LangChainGateway(config, **hooks))


def _forbid_tracing() -> None:
    """Keep LangSmith from sending conversations elsewhere, whatever the environment says."""
    for name in _TRACING_SWITCHES:
        os.environ[name] = "false"
