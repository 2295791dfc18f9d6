# ruff: noqa: RUF001
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.moderation.detection.contract import compile_detector, validate_configuration
from apps.moderation.detection.folding import fold
from apps.moderation.detection.plan import CompiledRule, Plan


def found(text: str, *terms: str, **options: object) -> list[str]:
    detector = compile_detector("keyword", {"terms": list(terms), **options})
    return [text[span.start : span.end] for span in detector.find(text)]


@pytest.mark.parametrize(
    "text",
    [
        "bad",
        "BAD",
        "Ｂａｄ",
        "𝕓𝕒𝕕",
        "🅱🅰🅳",
        "ВАD",
        "bαd",
        "bád",
        "ba\u0301d",
        "b\u200ba\u200dd",
        "b\u00adad",
        "b\u202ead",
        "b\ufe0fad",
        "b4d",
        "b@d",
        "b.a.d",
        "b a d",
        "B-A-D",
        "b_a_d",
        "b·a·d",
        "ba.d",
        "baaaad",
        "b a a a d",
        "b.4.d",
        "b😀a😀d",
    ],
)
def test_a_disguised_word_is_found_with_its_exact_place(text: str) -> None:
    for before, after in [("", ""), ("so ", " it"), ("ﬁne 👩‍👩‍👧 é ", "!"), ("«", "» ﬃ")]:
        assert found(before + text + after, "bad") == [text]


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("a badge", "bad"),
        ("a b\u200badge", "bad"),
        ("baad", "bad"),
        ("good", "god"),
        ("as soon as sent", "ass"),
        ("the therapist", "the rapist"),
        ("he'll go", "hell"),
        ("455 and 1000", "ass"),
        ("an A55", "ass"),
        ("in 1551", "issi"),
        ("ball", "bail"),
        ("push.it", "shit"),
        ("porn", "p0rn"),
        ("c or d", "c++"),
        ("c d", "c#"),
    ],
)
def test_an_ordinary_text_is_left_alone(text: str, term: str) -> None:
    assert found(text, term) == []


def test_a_phrase_bears_other_separators_between_its_words() -> None:
    text = "kill, yourself; kill\n\nyourself; KILL-yourself; killyourself"
    assert found(text, "kill yourself") == ["kill, yourself", "kill\n\nyourself", "KILL-yourself"]


def test_a_hyphen_of_a_term_may_be_missing() -> None:
    text = "self-harm self harm selfharm self–harm"
    assert found(text, "self-harm") == ["self-harm", "self harm", "selfharm", "self–harm"]


def test_terms_with_digits_and_signs_are_found_as_they_stand() -> None:
    text = "C++, c# and P0RN 🖕🏽"
    assert found(text, "c++", "C#", "p0rn", "🖕") == ["C++", "c#", "P0RN", "🖕"]


def test_the_number_one_is_read_as_two_letters() -> None:
    assert found("1llicit i11icit b!g", "illicit", "big") == ["1llicit", "i11icit", "b!g"]


def test_terms_of_other_scripts_are_found() -> None:
    text = "СУКА हिन्दी 이것 ΚΑΛΟΣ"
    assert found(text, "сука", "हिन्दी", "이것", "καλος") == text.split(" ")


def test_anywhere_finds_parts_of_words() -> None:
    assert found("embadded b.a.d ba.d", "bad", match="anywhere") == ["bad", "b.a.d"]


def test_without_folding_a_term_is_found_exactly_as_written() -> None:
    assert found("US us U.S UST", "US", fold=False) == ["US"]


def test_the_longest_of_two_terms_is_told_with_its_number() -> None:
    detector = compile_detector("keyword", {"terms": ["bad", "bad apple"]})
    assert [(s.start, s.end, s.label) for s in detector.find("a bad  apple")] == [(2, 12, "term 2")]


def test_letters_behind_a_ligature_and_hidden_signs_keep_their_places() -> None:
    text = "ﬃ ß👩‍👩‍👧\u200b bad\u0301\u200d."
    assert found(text, "bad") == ["bad\u0301\u200d"]


def test_lone_surrogates_are_no_obstacle() -> None:
    assert found("\ud800 bad \udfff", "bad") == ["bad"]
    assert found("\ud800 bad \udfff", "bad", fold=False) == ["bad"]


@given(st.text())
def test_the_way_back_leads_to_the_sign_that_was_folded(text: str) -> None:
    folded = fold(text)
    for at, sign in enumerate(folded.text):
        start, end = folded.original(at, at)
        first = start if at else next(i for i in range(start, end) if fold(text[i]).text)
        assert sign in fold(text[first]).text
        assert all(not fold(hidden).text for hidden in text[first + 1 : end])


@given(st.text(), st.text())
def test_parts_of_a_text_fold_to_parts_of_its_folding(left: str, right: str) -> None:
    assert fold(left + right).text == fold(left).text + fold(right).text


@given(st.text(alphabet="bad dab.4@1|l\u200b\u0301😀ﬁ", max_size=60))
def test_lists_that_are_searched_together_find_what_each_finds_alone(text: str) -> None:
    lists = (["bad", "dab"], ["a b", "ill"], ["b4", "dad", "add"])
    detectors = [compile_detector("keyword", {"terms": terms}) for terms in lists]
    plan = Plan([CompiledRule(key, each, enforces=False) for key, each in enumerate(detectors)])
    seen = [(one.rule, one.span) for one in plan.look(text, 0, 0, len(text))]
    assert seen == [(key, s) for key, each in enumerate(detectors) for s in each.find(text)]


def test_a_list_of_five_thousand_terms_is_quick() -> None:
    terms = [
        "".join(chr(ord("a") + number // 26**place % 26) for place in range(3)) + "xyz"
        for number in range(5_000)
    ]
    detector = compile_detector("keyword", {"terms": terms})
    detector.find("")
    text = "The kettle isn't on yet, but it works: boil 250 ml of water. " * 1_700 + terms[4_321]
    before = time.process_time()
    spans = detector.find(text)
    assert time.process_time() - before < 2
    assert [span.label for span in spans] == ["term 4322"]


def test_a_configuration_gets_its_defaults() -> None:
    assert validate_configuration("keyword", {"terms": [" bad ", "bad", ""]}) == {
        "terms": ["bad"],
        "match": "word",
        "fold": True,
    }
