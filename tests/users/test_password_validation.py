import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from apps.users.models import User


@pytest.mark.parametrize("password", ["Abcdef1x", "Aa1" + "x" * 125, "Ünïcode1ß"])
def test_passwords_that_follow_the_rules_are_accepted(password: str) -> None:
    validate_password(password, User(name="Uma", email="uma@example.com"))


@pytest.mark.parametrize(
    ("password", "codes"),
    [
        ("Abcde1x", {"password_too_short"}),
        ("Aa1" + "x" * 126, {"password_too_long"}),
        ("qzwkvjx71", {"password_no_upper"}),
        ("QZWKVJX71", {"password_no_lower"}),
        ("Qzwkvjxyo", {"password_no_digit"}),
        ("--------", {"password_no_upper", "password_no_lower", "password_no_digit"}),
        ("Password1", {"password_too_common"}),
        ("Umaparker1", {"password_too_similar"}),
        ("Uma.parker@1", {"password_too_similar"}),
    ],
)
def test_each_broken_rule_is_named(password: str, codes: set[str]) -> None:
    with pytest.raises(ValidationError) as caught:
        validate_password(password, User(name="Uma Parker", email="uma.parker@example.com"))
    assert {error.code for error in caught.value.error_list} == codes
