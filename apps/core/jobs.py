"""How a background job is queued, and how it carries the correlation id of what caused it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from procrastinate import JobContext
from procrastinate.contrib.django import app

from apps.core.correlation import (
    accept_correlation_id,
    bound_correlation_id,
    set_correlation_id,
)

CAUSE = "correlation_id"


def defer(
    task: str, given: Mapping[str, Any], *, queue: str, lock: str = "", wait_seconds: int = 0
) -> None:
    """Queue a job in the caller's transaction: it exists if what the caller writes does.

    Args:
        task: the task's name.
        given: what the task takes.
        queue: which queue it waits in.
        lock: jobs of the same lock run one after the other.
        wait_seconds: how long it waits at least.
    """
    options: dict[str, Any] = {"queue": queue, "allow_unknown": True}
    if lock:
        options["lock"] = lock
    if wait_seconds:
        options["schedule_in"] = {"seconds": wait_seconds}
    cause = bound_correlation_id()
    app.configure_task(task, **options).defer(**given, **({CAUSE: cause} if cause else {}))


def given_to(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a stored job gives its task: its arguments without what caused it."""
    return {name: value for name, value in arguments.items() if name != CAUSE}


async def under_its_cause(
    work: Callable[[], Awaitable[Any]], context: JobContext, worker: object
) -> Any:  # noqa: ANN401  what a job returns is the queue's
    """Run one job under the id of what queued it, or under one of its own where that had none.

    A middleware of the worker. It takes the id off the arguments, which no task expects.
    """
    del worker
    cause = context.job.task_kwargs.pop(CAUSE, "")
    set_correlation_id(accept_correlation_id(str(cause)))
    return await work()
