"""Asks the web process of this container whether it is alive; fails otherwise."""

import http.client
import os
import sys
from urllib.parse import urlsplit

PORT = 8000
TIMEOUT_SECONDS = 3


def is_alive() -> bool:
    """Ask under the public host name, the only one that is answered."""
    host = urlsplit(os.environ.get("PUBLIC_URL", "")).netloc or "localhost"
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/healthz", headers={"Host": host})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_alive() else 1)
