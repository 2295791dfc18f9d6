import pytest

from apps.moderation.detection.contract import (
    MAX_LOOK_BACK,
    ConfigurationError,
    compile_detector,
    validate_configuration,
)


@pytest.mark.parametrize(
    ("kind", "configuration", "field", "advice"),
    [
        ("rate", {}, "kind", "Choose one of these kinds: keyword, regex, pii."),
        ("keyword", {}, "terms", "Write at least one word or phrase."),
        ("keyword", {"terms": "bad"}, "terms", "Write at least one word or phrase."),
        ("keyword", {"terms": [" "]}, "terms", "Write at least one word or phrase."),
        ("keyword", {"terms": [1]}, "terms", "Write at least one word or phrase."),
        ("keyword", {"terms": ["\u200b"]}, "terms", "Remove term 1: nothing of it can be seen."),
        (
            "keyword",
            {"terms": ["a" * 121]},
            "terms",
            "Shorten term 1: a term has at most 120 characters.",
        ),
        (
            "keyword",
            {"terms": ["a"], "match": "all"},
            "match",
            "Set 'match' to 'word' or 'anywhere'.",
        ),
        ("keyword", {"terms": ["a"], "fold": 1}, "fold", "Set 'fold' to true or false."),
        (
            "keyword",
            {"terms": ["a"], "folds": True},
            "folds",
            "Remove 'folds'. This kind of rule knows: fold, match, terms.",
        ),
        ("regex", {}, "pattern", "Write a regular expression."),
        ("regex", {"pattern": "(a"}, "pattern", "Close the bracket '(' with ')'."),
        (
            "regex",
            {"pattern": "a(?=b)"},
            "pattern",
            "Remove (?=: look-ahead, look-behind and special groups are not available, because "
            "they can take very long.",
        ),
        (
            "regex",
            {"pattern": r"(a)\1"},
            "pattern",
            "Replace \\1: this escape is not known. Back-references are not available, because "
            "they can take very long.",
        ),
        (
            "regex",
            {"pattern": "a*"},
            "pattern",
            "Change the pattern so that it does not match an empty text.",
        ),
        (
            "regex",
            {"pattern": r"\b(?:a|b?)"},
            "pattern",
            "Change the pattern so that a match has at least one character.",
        ),
        (
            "regex",
            {"pattern": "a+"},
            "pattern",
            "Give every repetition an end, such as {1,50} instead of + or *, or set 'look_back' to "
            "the number of characters that a match may have.",
        ),
        (
            "regex",
            {"pattern": "a{600}"},
            "pattern",
            "A match may have 600 characters, and 508 is the most. Repeat less, or set "
            "'look_back'.",
        ),
        (
            "regex",
            {"pattern": r"\C"},
            "pattern",
            "Replace \\C by a dot: it would cut characters apart.",
        ),
        (
            "regex",
            {"pattern": "aa+", "look_back": 509},
            "look_back",
            "Set 'look_back' to a whole number from 2 to 508, or leave it out.",
        ),
        ("pii", {}, "types", "Choose at least one of: email, phone, iban, card, ip, secret."),
        (
            "pii",
            {"types": ["name"]},
            "types",
            "Choose at least one of: email, phone, iban, card, ip, secret.",
        ),
    ],
)
def test_a_configuration_that_cannot_be_used_tells_what_to_do(
    kind: str, configuration: dict[str, object], field: str, advice: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        validate_configuration(kind, configuration)
    assert (refusal.value.field, refusal.value.message) == (field, advice)


def test_every_kind_is_stored_with_its_defaults() -> None:
    assert validate_configuration("regex", {"pattern": "ab"}) == {
        "pattern": "ab",
        "ignore_case": False,
        "look_back": None,
    }
    assert validate_configuration("pii", {"types": ["ip", "email", "ip"]}) == {
        "types": ["email", "ip"]
    }


def test_a_normalised_configuration_is_its_own_normal_form() -> None:
    for kind, configuration in [
        ("keyword", {"terms": ["a"]}),
        ("regex", {"pattern": "a+", "look_back": 9}),
        ("pii", {"types": ["ip"]}),
    ]:
        normalised = validate_configuration(kind, configuration)
        assert validate_configuration(kind, normalised) == normalised


@pytest.mark.parametrize(
    ("pattern", "look_back"),
    [
        ("abc", 7),
        ("a|bcd", 7),
        ("(?i)(?:ab|c){2,3}x?", 11),
        (r"\bfoo\b$", 7),
        (r"[a-z\]]{2}[[:digit:]][]a]", 8),
        (r"\x{1F600}\pL\p{Greek}\d", 8),
        (r"\Qa+b\E", 7),
        ("(?P<name>ab)(?<other>c)", 7),
        ("a{,2}", 9),
        ("a{3}?b??", 8),
    ],
)
def test_the_look_back_is_the_longest_match_and_its_surroundings(
    pattern: str, look_back: int
) -> None:
    assert compile_detector("regex", {"pattern": pattern}).look_back == look_back


def test_the_author_may_say_how_far_to_look() -> None:
    detector = compile_detector("regex", {"pattern": "a.*b", "look_back": 40})
    assert detector.look_back == 44


def test_no_look_back_is_beyond_the_limit() -> None:
    detector = compile_detector("keyword", {"terms": ["abcdefghij" * 12]})
    assert detector.look_back == MAX_LOOK_BACK


def test_spans_of_an_expression_count_code_points() -> None:
    detector = compile_detector("regex", {"pattern": "b[äé]d", "ignore_case": True})
    text = "👩‍👩‍👧 ﬁ bäd \ud800 BÉD"
    assert [text[s.start : s.end] for s in detector.find(text)] == ["bäd", "BÉD"]
