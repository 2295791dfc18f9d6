"""A look at pooled connections that costs no round trip."""

import select

from psycopg import AsyncConnection, Connection, OperationalError
from psycopg_pool import AsyncConnectionPool, ConnectionPool

AnyConnection = Connection[object] | AsyncConnection[object]


def is_alive(connection: Connection[object]) -> bool:
    """Tell whether an idle connection can be used; asks the server only where something arrived.

    A server that ends, or ends the connection, closes the socket, and that makes it readable. A
    network that swallows everything is found by neither this nor a query, before its time-out.
    """
    if not _has_arrivals(connection):
        return True
    try:
        ConnectionPool.check_connection(connection)
    except OperationalError:
        return False
    return True


async def check_connection(connection: AsyncConnection[object]) -> None:
    """Do the same as a pool's check.

    Raises:
        OperationalError: the connection is lost.
    """
    if _has_arrivals(connection):
        await AsyncConnectionPool.check_connection(connection)


def _has_arrivals(connection: AnyConnection) -> bool:
    if connection.closed:
        return True
    poller = select.poll()
    poller.register(connection.pgconn.socket, select.POLLIN)
    return bool(poller.poll(0))
