"""The files that ship Parley agree with each other and with the code."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from apps.conversations.constants import CHAT_WAIT_SECONDS, QUEUE_TIMEOUT_SECONDS
from apps.core.api.responses import openai_error
from apps.core.design import read_colours
from apps.core.error_handling import describe_error
from apps.core.errors import (
    AppError,
    PayloadTooLargeError,
    RateLimitedError,
    ServiceUnavailableError,
)

ROOT = Path(__file__).resolve().parents[3]
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.MULTILINE)


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def documented_variables() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]*)=", text_of(".env.example"), re.MULTILINE))


def test_every_setting_is_in_the_example_of_an_environment() -> None:
    read = set(
        re.findall(r"\benv(?:\.[a-z_]+)?\(\s*\"([A-Z0-9_]+)\"", text_of("project/settings.py"))
    )
    assert len(read) > 20
    assert read - documented_variables() == set()


def test_every_variable_of_compose_is_in_the_example_of_an_environment() -> None:
    used = set(re.findall(r"\$\{([A-Z_]+)", text_of("compose.yaml")))
    assert "POSTGRES_PASSWORD" in used
    assert used - documented_variables() == {"PARLEY_VERSION"}


def test_the_example_holds_no_secret() -> None:
    secret = re.compile(r"^(SECRET_KEY|OPENAI_API_KEY|.*_PASSWORD|METRICS_TOKEN)=(.*)$", re.M)
    assert {value for _, value in secret.findall(text_of(".env.example"))} == {""}


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    final_stage = text_of("Dockerfile").rpartition("FROM ")[2]
    copied = set(re.findall(r"^COPY ([a-z.]+) ", final_stage, re.MULTILINE))
    kept = {line[1:] for line in text_of(".dockerignore").splitlines() if line.startswith("!")}
    assert {"apps", "project", "manage.py", "templates", "static", "locale", "deploy"} <= copied
    assert copied <= kept
    assert all((ROOT / name).exists() for name in copied)


def test_the_files_of_the_pages_are_collected_as_the_image_collects_them(tmp_path: Path) -> None:
    """Files are named after what is in them, so a script that is not understood ends the build."""
    dockerfile = text_of("Dockerfile")
    step = dockerfile[dockerfile.index("&& SECRET_KEY=") : dockerfile.index("USER parley\n")]
    values = dict(re.findall(r"\b([A-Z_]+)=(\S+)", step))
    done = subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "ENVIRONMENT": "production",
            "STATIC_ROOT": str(tmp_path),
            **values,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "staticfiles.json").is_file()


def test_the_image_runs_as_an_ordinary_user() -> None:
    instructions = re.findall(r"^(USER|CMD) (.+)$", text_of("Dockerfile"), re.MULTILINE)
    assert instructions[0] == ("USER", "parley")


def test_services_of_the_product_wait_for_the_migrations() -> None:
    services = yaml.safe_load(text_of("compose.yaml"))["services"]
    assert set(services) == {
        "postgres", "redis", "migrate", "web", "worker", "certificate", "proxy",
    }  # fmt: skip
    for name in ("web", "worker"):
        waits = services[name]["depends_on"]
        assert waits["migrate"] == {"condition": "service_completed_successfully"}
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]


@pytest.mark.parametrize(
    "header",
    ["X-Forwarded-Host", "X-Real-IP", "Forwarded", "Daphne-Root-Path", "X-Forwarded-Prefix"],
)
def test_the_proxy_takes_no_word_of_a_caller_about_itself(header: str) -> None:
    assert f'proxy_set_header {header} "";' in text_of("deploy/nginx/nginx.conf")


@pytest.mark.parametrize(
    "limit",
    [
        "client_max_body_size 1m;",
        "underscores_in_headers off;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "large_client_header_buffers",
        "client_header_timeout",
        "client_body_timeout",
        "limit_conn connections",
        "limit_req zone=requests",
        "proxy_buffering off;",
    ],
)
def test_the_proxy_limits_what_a_caller_may_hold(limit: str) -> None:
    assert limit in text_of("deploy/nginx/nginx.conf")


def test_the_proxy_has_a_page_of_ours_for_what_it_answers_itself() -> None:
    """They stand alone, in the colours of the other pages."""
    named = re.findall(
        r"error_page ([\d ]+?)(?: =\d+)? /proxy-pages/(\S+);", text_of("deploy/nginx/nginx.conf")
    )
    assert {code for codes, _ in named for code in codes.split()} == {
        "413",
        "429",
        "502",
        "503",
        "504",
    }
    assert "./deploy/nginx/pages:/etc/parley/proxy-pages:ro" in text_of("compose.yaml")
    known = {colour for one in read_colours().values() for colour in (one.light, one.dark)}
    for _, name in named:
        page = text_of(f"deploy/nginx/pages/{name}")
        assert set(re.findall(r"#[0-9a-f]{6}", page)) <= known
        assert not re.search(r"<(?:script|link|img)|https?:", page)
        assert '<p lang="de">' in page


def location(name: str) -> str:
    """Return what the proxy's configuration says between the braces of one location."""
    found = re.search(
        rf"^        location {name} {{\n(.*?)^        }}$",
        text_of("deploy/nginx/nginx.conf"),
        re.MULTILINE | re.DOTALL,
    )
    assert found, name
    return found[1]


@pytest.mark.parametrize("place", ["/api/", "/openai/"])
def test_the_proxy_waits_as_long_as_an_answer_may_take(place: str) -> None:
    """A call that waits for a whole answer gets no byte before its end."""
    deadline = re.search(r"^#?LLM_TOTAL_TIMEOUT_SECONDS=(\d+)", text_of(".env.example"), re.M)
    waits = re.search(r"proxy_read_timeout (\d+)s;", location(place))
    assert deadline
    assert waits
    assert int(waits[1]) > QUEUE_TIMEOUT_SECONDS + int(deadline[1])
    assert int(waits[1]) > CHAT_WAIT_SECONDS
    assert "proxy_set_header" not in location(place), "it would take the others' place"


@pytest.mark.parametrize("place", ["api", "openai"])
@pytest.mark.parametrize(
    ("codes", "name", "error"),
    [
        ("413", "too_large", PayloadTooLargeError()),
        ("429", "too_often", RateLimitedError()),
        ("502 503 504 =503", "away", ServiceUnavailableError()),
    ],
)
def test_the_proxys_own_errors_have_the_form_that_programs_read(
    place: str, codes: str, name: str, error: AppError
) -> None:
    assert f"error_page {codes} @{place}_{name};" in location(f"/{place}/")
    told = location(f"@{place}_{name}")
    answer = re.search(r"return (\d+) '(.*)';", told)
    assert answer
    description = describe_error(error)
    assert int(answer[1]) == description.status_code
    assert json.loads(answer[2]) == (
        openai_error(description)
        if place == "openai"
        else {
            "success": False,
            "status_code": description.status_code,
            "request": {
                "method": "$request_method",
                "url": "$plain_uri",
                "correlation_id": "$request_id",
            },
            "name": description.name,
            "code": description.code,
            "message": description.message,
            "error": None,
            "data": None,
        }
    )
    assert "default_type application/json;" in told
    assert ("add_header Retry-After " in told) is (name != "too_large")


def test_an_address_that_would_break_the_proxys_json_is_not_in_it() -> None:
    pattern = re.search(r'"~(\S+)" \$request_uri;', text_of("deploy/nginx/nginx.conf"))
    assert pattern
    assert re.search(pattern[1], "/api/v1/users/3/chat?a=b%22&c[]=") is None
    assert re.search(pattern[1], "/api/v1/users/3/chat?a=b%22&c=d")
    assert not re.search(pattern[1], '/api/"x')
    assert not re.search(pattern[1], "/api/\\x")


def test_development_uses_the_very_versions_that_are_shipped() -> None:
    shipped = set(PIN.findall(text_of("requirements.lock")))
    assert len(shipped) > 50
    assert shipped <= set(PIN.findall(text_of("requirements-dev.lock")))


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("requirements*.lock")), ids=lambda path: path.name
)
def test_every_pin_has_a_hash_and_no_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[a-z])", text.strip())
    assert all("--hash=sha256:" in block for block in blocks)
    assert "://" not in text
