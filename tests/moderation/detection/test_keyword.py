# ruff: noqa: RUF001
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.moderation.detection.base import Reads
from apps.moderation.detection.contract import compile_detector, validate_configuration
from apps.moderation.detection.folding import fold
from apps.moderation.detection.scanner import CompiledRule, scan
from apps.moderation.detection.tracks import LONGEST_RUN, Track


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
        "b\u0336a\u0336d\u0336",
        "b\x00a\x7fd",
        "ba**d",
        "b**a**d",
        "b`a`d",
        "b__ad",
        "b***a***d",
        "ba" + "\u200b" * 80 + "d",
        "b" + "a" * 80 + "d" * 80,
        "ᏏᎪᎠ",
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
        ("a ** b ** d", "abd"),
        ("x = ba ** d", "bad"),
        ("an\nus lane", "anus"),
        ("first part\n\nner", "partner"),
        ("10000", "1000"),
        ("dab", "bad"),
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


@pytest.mark.parametrize(
    "text",
    ["poi\nson", "poi-\nson", "po\r\nison", "p**ois**on", "\u202enosiop", "ᏢᎾᎥᏚᎾn", "po\u0337ison"],
)
def test_a_word_is_found_that_a_page_shows_as_one(text: str) -> None:
    assert found(f"so {text} it", "poison")[0].endswith(text.lstrip("\u202e"))


def test_a_stretched_word_is_found_beside_neighbours_with_the_same_letters() -> None:
    assert found("a club baaad dog", "bad") == ["baaad"]


@given(st.text(), st.text())
def test_the_way_back_leads_to_the_sign_that_was_folded(before: str, text: str) -> None:
    track = Track(Reads.FOLDED)
    track.extend(before)
    track.extend(text)
    whole = before + text
    for at, sign in enumerate(track.window(0)):
        start, end = track.original(at, at + 1)
        first = start if at else next(i for i in range(start, end) if fold(whole[i]).text)
        assert sign in fold(whole[first]).text
        row = {sign, ""} if end - first > LONGEST_RUN else {""}
        assert {fold(other).text for other in whole[first + 1 : end]} <= row


@given(st.lists(st.sampled_from(["a", "b", "\u200b", " ", ".", "1", "ﬃ", "\u202e"]), max_size=90))
def test_pieces_of_a_text_are_read_as_the_whole(signs: list[str]) -> None:
    text = "".join(sign * (1 + 7 * (at % 3)) for at, sign in enumerate(signs))
    for reads in Reads:
        whole, parts = Track.of(reads, text), Track(reads)
        for at in range(0, len(text), 5):
            parts.extend(text[at : at + 5])
        assert parts.window(0) == whole.window(0)
        assert parts.mirrored_from == whole.mirrored_from
        for at in range(whole.length):
            assert parts.original(at, at + 1) == whole.original(at, at + 1)


@given(st.text(), st.text())
def test_parts_of_a_text_fold_to_parts_of_its_folding(left: str, right: str) -> None:
    assert fold(left + right).text == fold(left).text + fold(right).text


@given(st.text(alphabet="bad dab.4@1|l\u200b\u0301😀ﬁ", max_size=60))
def test_lists_that_are_searched_together_find_what_each_finds_alone(text: str) -> None:
    lists = (["bad", "dab"], ["a b", "ill"], ["b4", "dad", "add"])
    detectors = [compile_detector("keyword", {"terms": terms}) for terms in lists]
    rules = [CompiledRule(key, each, enforces=False) for key, each in enumerate(detectors)]
    for hit in (hits := scan(rules, text)):
        assert hit.span in detectors[hit.key].find(text)
    assert len(hits) == sum(len(each.find(text)) for each in detectors)


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
