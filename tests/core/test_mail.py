"""A mail is text for every program, and the same in the look of the pages."""

import re

from pytest_django import Settings

from apps.core.design import read_colours
from apps.core.mail import Part, compose, look_of_mails, preview_of, split_text

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
    light, sheet = look_of_mails()
    dark, narrow = sheet.split("@media (max-width:480px)")
    assert ".mail-card{padding:" in narrow
    colours = read_colours()
    assert f"background: {colours['accent'].light};" in light["button"]
    assert f"background: {colours['accent'].dark} !important" in dark
    assert "border-radius: 10px;" in light["button"]
    assert "var(" not in "".join([*light.values(), dark])


def test_lists_of_mails_show_what_it_is_about_and_no_greeting() -> None:
    parts = [
        Part(lines=("Hello Uma,",)),
        Part(url="http://localhost:8000/x/"),
        Part(lines=("It", "ends.")),
    ]
    assert preview_of(parts) == "It ends."
    assert preview_of([Part(lines=("word " * 60,))]).endswith("word …")
    assert preview_of([Part(lines=("Hello,",))]) == "Hello,"


def test_a_mail_holds_to_what_mail_programs_can_do() -> None:
    mail = compose(subject="Look", text=TEXT, to="uma@example.com")
    html = str(mail.alternatives[0][0])
    body = html.partition("<body")[2]
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"
    assert len(html.encode()) < 20_000  # Gmail cuts what is longer than 102 kB
    assert not re.search(
        r"<(?:img|script|link|form|svg|input|div(?! class=\"mail-preview\"))", html
    )
    assert not re.search(r"var\(|light-dark|flex|grid|rem\b", html)
    assert re.findall(r"<(?:td class|p|a|body)[^>]*>", body) == [
        one for one in re.findall(r"<(?:td class|p|a|body)[^>]*>", body) if "style=" in one
    ]
    assert body.index("mail-preview") < body.index("mail-brand")
    assert "Your name: &lt;b&gt;Uma" in body.partition("</div>")[0]
