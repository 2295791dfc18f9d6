"""What the pages of staff cost at size: time on the wire and queries, over a seeded database.

Run `make bench-moderation` beside `make run`, on a database that `manage.py seed_moderation` has
filled. Each page is asked for several times through the whole stack; `--try` prints only.
"""

import argparse
import http.client
import os
import re
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import django
import orjson

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import Group  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from apps.conversations.models import Message  # noqa: E402
from apps.moderation.models import Case, Policy  # noqa: E402
from apps.users.models import User  # noqa: E402
from bench import keyboard  # noqa: E402
from bench.work import percentile  # noqa: E402

RESULT = Path(__file__).parent / "results" / "moderation.md"
QUEUE = "/admin/moderation/queue/"
WARM = 3
HEAD = """\
# Pages of staff at size

{messages:,} messages, {waiting:,} waiting and {closed:,} decided cases; {date}. {runs} requests
each after {warm} to warm up, one after the other through the whole stack (web process, PostgreSQL
and Redis of `make run`) on {cores} cores. Load of the machine when it began {began:.1f}, when it
ended {ended:.1f}; what is measured and what measures are in it. Milliseconds; queries without the
statements of transactions. Repeat it with `make run` and, beside it, `make bench-moderation`.

| page | queries | median | 95th percentile |
| --- | ---: | ---: | ---: |
"""


@dataclass(frozen=True)
class Figure:
    """One page: its name, its queries if known, and how long each time took in milliseconds."""

    name: str
    queries: int | None
    times: list[float]

    def __str__(self) -> str:
        middle, tail = statistics.median(self.times), percentile(self.times, 95)
        queries = "" if self.queries is None else self.queries
        return f"| {self.name} | {queries} | {middle:.0f} | {tail:.0f} |"


class Browser:
    """A signed-in member of staff: on the wire for times, in this process for queries."""

    def __init__(self, url: str, user: User) -> None:
        self.url = url
        self._inside = Client()
        self._inside.force_login(user)
        self._line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        name = settings.SESSION_COOKIE_NAME
        self._cookies = {name: self._inside.cookies[name].value}
        self.get(QUEUE)

    @property
    def cookies(self) -> dict[str, str]:
        """What the member of staff is known by."""
        return dict(self._cookies)

    def get(self, path: str) -> float:
        """Ask for a page; returns how long it took in milliseconds."""
        took, _ = self._ask("GET", path, b"")
        return took

    def post(self, path: str, typed: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Send a form as the page's script does; returns time and answer."""
        took, answer = self._ask("POST", path, urlencode(typed).encode())
        return took, orjson.loads(answer)

    def queries(self, method: str, path: str, typed: dict[str, Any] | None = None) -> int:
        """Return how many queries the same takes, transactions aside."""
        accept = {"Accept": "application/json"} if method == "POST" else {}
        with CaptureQueriesContext(connection) as found:
            self._inside.generic(
                method,
                path,
                urlencode(typed or {}),
                content_type="application/x-www-form-urlencoded",
                headers=accept,
            )
        frame = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
        return sum(not (one["sql"] or "").startswith(frame) for one in found.captured_queries)

    def _ask(self, method: str, path: str, body: bytes) -> tuple[float, bytes]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if method == "POST":
            headers |= {
                "Accept": "application/json",
                "Content-Type": "application/x-www-form-urlencoded",
                "X-CSRFToken": self._cookies.get(settings.CSRF_COOKIE_NAME, ""),
            }
        began = time.perf_counter()
        self._line.request(method, path, body, headers)
        answer = self._line.getresponse()
        content = answer.read()
        took = (time.perf_counter() - began) * 1_000
        if answer.status != 200:
            raise SystemExit(
                f"{method} {path}: HTTP {answer.status}. Is `make run` up, and seeded?"
            )
        for header in answer.headers.get_all("Set-Cookie", []):
            self._cookies |= {name: one.value for name, one in SimpleCookie(header).items()}
        return took, content


def lead() -> User:
    """Return a lead to measure with; made where there is none."""
    known: User | None = User.objects.filter(email="bench-lead@example.invalid").first()
    if known is None:
        known = User.objects.create_user(
            "bench-lead@example.invalid", name="Bench", role="moderator", duties=["lead"]
        )
    known.groups.set(Group.objects.filter(name__in=["moderator", "lead"]))
    return known


def pages() -> Iterator[tuple[str, str]]:
    """Yield the name and the address of every page that is only read."""
    case, answer, closed = (
        Case.objects.filter(**values).order_by("pk")[100]
        for values in (
            {"state": "open", "target_role": "user"},
            {"state": "open", "target_role": "assistant"},
            {"state": "closed"},
        )
    )
    policy = Policy.objects.order_by("pk").first()
    yield "queue, oldest past due", QUEUE
    for name, query in (
        ("most urgent", "order=urgent"),
        ("newest", "order=newest"),
        ("one state", "state=escalated"),
        ("one policy", f"policy={policy.code if policy else ''}"),
        ("one severity", "severity=4"),
        ("due later", "age=later"),
        ("flagged by people", "source=user"),
        ("answers", "role=assistant"),
        ("one model", "model=demo"),
        ("one rule", f"rule={_rule()}"),
        ("a number", f"q={case.pk}"),
        ("a person", f"q=user:{case.subject_id}"),
        ("words within 7 days", "q=fool&within=7"),
        ("rare words within 7 days", "q=zeppelin&within=7"),
    ):
        yield f"queue, {name}", f"{QUEUE}?{query}"
    yield "case about a message", f"{QUEUE}{case.pk}/"
    yield "case about an answer", f"{QUEUE}{answer.pk}/"
    yield "case that is decided", f"{QUEUE}{closed.pk}/"
    for name in ("case", "flag", "decision", "rulehit", "enforcement", "appeal", "notice"):
        yield f"list of records: {name}", f"/admin/moderation/{name}/"
    yield "messages", "/admin/conversations/message/"
    yield "messages of a person", f"/admin/conversations/message/?q=user:{case.subject_id}"
    yield "conversations", "/admin/conversations/conversation/"
    yield "people", "/admin/users/user/"
    yield "audit record", "/admin/audit/auditevent/"


def _rule() -> int:
    flag = Case.objects.filter(source="rule", flags__hit__isnull=False).order_by("pk")
    return int(flag.values_list("flags__hit__rule", flat=True)[0])


def measure_reading(browser: Browser, runs: int) -> Iterator[Figure]:
    """Yield the figures of the pages that are only read."""
    for name, path in pages():
        for _ in range(WARM):
            browser.get(path)
        times = [browser.get(path) for _ in range(runs)]
        yield Figure(name, browser.queries("GET", path), times)


def measure_working(browser: Browser, runs: int) -> Iterator[Figure]:
    """Yield the figures of taking the next case, and of deciding it and getting the next."""
    for _ in range(WARM):
        browser.post(f"{QUEUE}next/", {})
    taken = [browser.post(f"{QUEUE}next/", {}) for _ in range(runs)]
    queries = browser.queries("POST", f"{QUEUE}next/")
    yield Figure("take the next case", queries, [took for took, _ in taken])
    for name, typed in RULINGS.items():
        answer = browser.post(f"{QUEUE}next/", {})[1]
        times = []
        for _ in range(WARM + runs):
            took, answer = browser.post(*decision(answer, typed))
            times.append(took)
        counted = browser.queries("POST", *decision(answer, typed))
        yield Figure(f"decide ({name}) and get the next", counted, times[WARM:])


def measure_keys(browser: Browser, runs: int) -> Iterator[Figure]:
    """Yield how long it takes in Chromium from a key to the next case on screen, over twenty."""
    del runs
    times = keyboard.work(browser.url, browser.cookies, QUEUE)
    if times is None:
        print("No Chromium: the keys are not measured.")
        return
    name = f"from the key to the next case on screen, {len(times)} cases by keyboard alone"
    yield Figure(name, None, times)


RULINGS: dict[str, Callable[[], dict[str, Any]]] = {
    "no violation": lambda: {"verdict": "no_violation"},
    "violates, message hidden, points": lambda: {
        "verdict": "violates",
        "policy": Policy.objects.order_by("pk")[0].code,
        "reason": "Measured.",
        "reason_for_user": "Measured.",
        "measure": "hide_message",
        "gives_points": "on",
    },
}


def decision(answer: dict[str, Any], typed: Callable[[], dict[str, Any]]) -> tuple[str, Any]:
    """Return where and what to post to decide the case that was drawn."""
    found = re.search(r'data-version="(\d+)"', answer["html"])
    assert found is not None
    return f"{QUEUE}{answer['case']}/decide/", {**typed(), "version": found.group(1)}


MEASURES = (measure_reading, measure_working)


def main() -> None:
    """Measure, print, and write the table beside the other results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default=f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--try", dest="only_try", action="store_true", help="print only")
    parser.add_argument("--keys", action="store_true", help="only the keys, printed only")
    arguments = parser.parse_args()
    began, lines = os.getloadavg()[0], []
    browser = Browser(arguments.url, lead())
    for measure in (measure_keys,) if arguments.keys else (*MEASURES, measure_keys):
        for figure in measure(browser, arguments.runs):
            print(figure, flush=True)
            lines.append(str(figure))
    print(f"Load {began:.1f} when it began, {os.getloadavg()[0]:.1f} when it ended.")
    head = HEAD.format(
        messages=Message.objects.count(),
        waiting=Case.objects.not_closed().count(),
        closed=Case.objects.filter(state="closed").count(),
        date=datetime.now(tz=UTC).date(),
        runs=arguments.runs,
        warm=WARM,
        cores=os.cpu_count(),
        began=began,
        ended=os.getloadavg()[0],
    )
    if not (arguments.only_try or arguments.keys):
        RESULT.write_text(head + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
