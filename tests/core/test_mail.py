"""A mail is text for every program, and the same in the look of the pages."""

from pytest_django import Settings

from apps.core.design import read_colours
from apps.core.mail import Part, compose, look_of_mails, split_text

TEXT = "Hello,\n\nYour name:\n<b>Uma</b> & co\n\nhttp://localhost:8000/settings/\n\nGoodbye."


def test_text_comes_first_and_is_signed() -> None:
    mail = compose(subject="Look", text=TEXT, to="uma@example.com")
    assert (mail.subject, mail.to) == ("Parley: Look", ["uma@example.com"])
    assert mail.body == f"{TEXT}\n\n-- \nParley, localhost:8000\n"


def test_an_address_of_ours_on_its_own_line_is_a_button_and_no_other(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://chat.example.org"
    text = "Read\nhttps://chat.example.org/x/\nor\nhttps://evil.example/\nhttps://chat.example.org.evil/"
    assert split_text(text) == [
        Part(lines=("Read",)),
        Part(url="https://chat.example.org/x/"),
        Part(lines=("or", "https://evil.example/", "https://chat.example.org.evil/")),
    ]


def test_what_is_written_is_shown_as_text() -> None:
    mail = compose(subject="<i>", text=TEXT, to="uma@example.com")
    (html,) = mail.alternatives
    assert html[1] == "text/html"
    assert "Your name:<br>&lt;b&gt;Uma&lt;/b&gt; &amp; co</p>" in str(html[0])
    assert "<title>Parley: &lt;i&gt;</title>" in str(html[0])
    assert str(html[0]).count('href="http://localhost:8000/settings/"') == 1


def test_the_look_has_the_values_of_the_tokens_in_both_themes() -> None:
    light, dark = look_of_mails()
    colours = read_colours()
    assert f"background: {colours['accent'].light};" in light["button"]
    assert f"background: {colours['accent'].dark} !important" in dark
    assert "border-radius: 10px;" in light["button"]
    assert "var(" not in "".join([*light.values(), dark])
