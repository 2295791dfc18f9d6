"""Makes gateways. Cheap to import: LangChain is loaded when the first gateway is built."""

import gc
import os
from importlib import import_module
from typing import Any, cast

from django.conf import settings

from apps.llm.gateway.config import GatewayConfig, read_config
from apps.llm.gateway.contract import ChatGateway

_TRACING_SWITCHES = (
    "LANGSMITH_TRACING",
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING",
    "LANGCHAIN_TRACING_V2",
)


class _Default:
    """The process's own gateway, made at its first use."""

    gateway: ChatGateway | None = None


def warm() -> None:
    """Load what a model call needs, so that the first person does not wait for it.

    For the start of a process that lives long: what is loaded by then is set apart from the
    garbage collector, whose rounds over it would cost a tenth of every token.
    """
    _forbid_tracing()
    import_module("apps.llm.gateway.langchain_gateway")
    gc.collect()
    gc.freeze()


def build_gateway(config: GatewayConfig) -> ChatGateway:
    """Return a new gateway; whoever builds it closes it."""
    _forbid_tracing()
    module: Any = import_module("apps.llm.gateway.langchain_gateway")
    return cast("ChatGateway", module.LangChainGateway(config))


def default_gateway() -> ChatGateway:
    """Return the gateway that Django's settings describe, the same one in the whole process."""
    if _Default.gateway is None:
        _Default.gateway = build_gateway(read_config(settings))
    return _Default.gateway


async def close_default_gateway() -> None:
    """Close the process's gateway; the next use makes a new one."""
    gateway, _Default.gateway = _Default.gateway, None
    if gateway is not None:
        await gateway.aclose()


def _forbid_tracing() -> None:
    """Keep LangSmith from sending conversations elsewhere, whatever the environment says."""
    for name in _TRACING_SWITCHES:
        os.environ[name] = "false"
