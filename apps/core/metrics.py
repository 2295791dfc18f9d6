"""What this process counts about itself, in Prometheus' form; labels hold no ids."""

from prometheus_client import Counter, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

requests_total = Counter(
    "parley_http_requests_total", "Requests answered", ["method", "route", "status"]
)
request_seconds = Histogram(
    "parley_http_request_seconds",
    "Time until the answer began",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60),
)


def observe_request(method: str, route: str, status_code: int, seconds: float) -> None:
    """Count one answered request under the template of its address."""
    known = method if method in METHODS else "other"
    requests_total.labels(known, route, str(status_code)).inc()
    request_seconds.labels(known, route).observe(seconds)


def render_metrics() -> bytes:
    """Return everything this process counts, in the text form that Prometheus reads."""
    return generate_latest()
