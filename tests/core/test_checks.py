from django.core.checks import run_checks
from pytest_django import Settings

from apps.core.checks import check_deployment, check_middleware, check_rates


def ids(found: object) -> list[str]:
    return [message.id for message in found]  # type: ignore[attr-defined]


def test_the_project_passes_its_checks(db: None) -> None:
    assert run_checks(include_deployment_checks=False) == []


def test_a_protection_that_is_missing_is_an_error(settings: Settings) -> None:
    assert check_middleware(None) == []
    settings.MIDDLEWARE = [path for path in settings.MIDDLEWARE if "Csrf" not in path]
    problems = check_middleware(None)
    assert ids(problems) == ["parley.E001"]
    assert "CsrfViewMiddleware" in problems[0].msg


def test_a_limit_that_cannot_be_read_is_an_error(settings: Settings) -> None:
    assert check_rates(None) == []
    settings.RATE_LIMIT_CHAT = "often"
    problems = check_rates(None)
    assert ids(problems) == ["parley.E002"]
    assert "RATE_LIMIT_CHAT" in problems[0].msg


def test_what_is_unsafe_on_the_internet_is_named(settings: Settings) -> None:
    settings.NUM_PROXIES = 1
    settings.CORS_ALLOWED_ORIGINS = ["http://partner.example"]
    assert check_deployment(None) == []
    settings.IS_DEPLOYED = True
    assert ids(check_deployment(None)) == ["parley.W001", "parley.W002"]
    settings.METRICS_TOKEN = "x"
    settings.CORS_ALLOWED_ORIGINS = ["https://partner.example"]
    assert check_deployment(None) == []
