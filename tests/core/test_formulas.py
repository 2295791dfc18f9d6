"""Formulas: found by their marks, drawn as MathML that does nothing, and bounded."""

import json
import re
import subprocess
import sys
import time
from html import unescape
from pathlib import Path

import pytest

from apps.core import mathml
from apps.core.markdown import MAX_FORMULAS, render_formula, render_markdown
from apps.core.mathml import ELEMENTS, MAX_MARKS, typeset

CASES = json.loads((Path(__file__).parents[1] / "support" / "formulas.json").read_text())
SMALL_STACK_KB = 1024
SLOW_SECONDS = 1
NESTED = [
    ("{", "}"), (r"\sqrt ", ""), (r"\frac{", "}{1}"), (r"\left(", r"\right)"), ("x^{", "}"),
    (r"\hat ", ""), (r"\begin{matrix}", r"\end{matrix}"), (r"\begin{aligned}a&", r"\end{aligned}"),
    (r"\sqrt[", "]x"), (r"\color{red}", ""), (r"\pmod{", "}"), (r"\textcolor{red}{", "}"),
    (r"\operatorname{", "}"), (r"{\over ", "}"), (r"\mathrm{", "}"), (r"\text{", "}"),
    (r"\overset{a}{", "}"), (r"\phantom{", "}"), (r"\mathchoice{", "}{}{}{}"), (r"\boxed{", "}"),
]  # fmt: skip


def found(html: str) -> list[str]:
    return [unescape(source) for source in re.findall(r'data-formula="([^"]*)"', html)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_formulas_are_found_and_money_is_not(case: dict[str, list[str]]) -> None:
    html = render_markdown(str(case["text"]))
    assert found(html) == case["formulas"]
    assert html.count("<math") == len(case["formulas"])


def test_a_formula_is_drawn_with_its_source_beside_it() -> None:
    assert render_markdown(r"Let \(x^2<1\) be") == (
        r'<p>Let <span class="formula" data-formula="\(x^2&lt;1\)"><math><msup><mi>x</mi><mn>2</mn>'
        "</msup><mo>&lt;</mo><mn>1</mn></math></span> be</p>\n"
    )
    assert render_markdown("$$\nx\n$$") == (
        '<div class="formula formula--block" data-formula="$$\nx\n$$">'
        '<math display="block"><mi>x</mi></math></div>\n'
    )


def test_the_styles_of_a_table_become_classes_of_ours() -> None:
    drawn = typeset(r"\begin{split}a&=b\end{split}", is_block=True)
    assert drawn is not None
    assert " style=" not in drawn
    assert re.findall('<mtd class="([^"]+)">', drawn) == [
        "formula-end formula-no-space-after",
        "formula-start formula-no-space-before",
    ]


@pytest.mark.parametrize(
    "latex",
    [
        r"\unknowncommand x",
        r"\href{javascript:alert(1)}{x}",
        r"\htmlStyle{color:red}{x}",
        r"\includegraphics{https://evil.example/x.png}",
        r"\newcommand{\a}{\a\a}\a",
        r"\def\a{\a\a}\a",
        r"\let\a\frac",
        "{" * (MAX_MARKS + 1),
        "x" * (mathml.MAX_CHARS + 1),
        "x" + "'" * 3_000,
        r"\frac{1}{",
        "",
    ],
)
def test_what_is_not_understood_or_too_large_stays_as_it_was_written(latex: str) -> None:
    assert typeset(latex, is_block=False) is None


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<script>alert(1)</script>}",
        r"\text{</mtext></math><img src=x onerror=alert(1)>}",
        r"\mathrm{<b onclick=alert(1)>}",
        "<svg onload=alert(1)>",
        r'x"onmouseover="alert(1)',
        "&lt;script&gt;",
        r"\eqref{x}",
        r"\begin{align}x\label{onclick}\\y\end{align}",
        r"\color{red}{x}\textcolor{red}{y}\hspace{9999em}\raisebox{99em}{z}",
        r"\textbf{a}\texttt{b}\cancel{c}\boxed{d}",
    ],
)
def test_a_drawn_formula_is_inert(latex: str) -> None:
    html = render_markdown(rf"\({latex}\)")
    for name, attributes in re.findall(r"<([a-z0-9]+)((?:\s[^<>]*)?)>", html):
        assert name in {*ELEMENTS, "p", "span", "code"}
        names = set(re.findall(r' ([a-z-]+)="[^"]*"', attributes))
        assert names <= {*mathml.ATTRIBUTES, "class", "data-formula"}
    assert "9999" not in re.sub(r'data-formula="[^"]*"', "", html)


@pytest.mark.parametrize(
    "written",
    [
        "<math><script>x</script></math>",
        "<math><annotation-xml><p>x</p></annotation-xml></math>",
        "<math><mi>x</math>",
        "<math><mi>x</mi></math></math>",
        "<math><mi onclick=x>x</mi></math>",
        "<math><!-- --></math>",
        "",
    ],
)
def test_a_tree_that_the_converter_must_not_write_is_refused(written: str) -> None:
    assert mathml._rewritten(written) is None


def test_only_known_attributes_pass() -> None:
    tree = (
        '<math display="block" href="x" id="y"><mi mathvariant="bold" style="color:red">x</mi>'
        '<mspace width="99em"/></math>'
    )
    assert mathml._rewritten(tree) == ('<math display="block"><mi>x</mi><mspace></mspace></math>')


def test_no_nesting_within_the_limit_runs_over_half_of_the_smallest_usual_stack() -> None:
    """A stack that runs over ends the process: this needs one of its own."""
    script = f"""
import threading
from apps.core.mathml import _MARK, MAX_MARKS, typeset
def run():
    for opening, closing in {NESTED!r}:
        times = MAX_MARKS // len(_MARK.findall(opening + closing))
        for latex in (opening * times + "x" + closing * times, opening * times + "x"):
            typeset(latex[:4000], is_block=True)
    print("unharmed")
threading.stack_size({SMALL_STACK_KB} * 1024)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "unharmed\n"), done.stderr


@pytest.mark.parametrize(
    "piece",
    [
        "$",
        "$a ",
        "$a$ ",
        r"\(",
        r"\(x'\) ",
        "\\[\n",
        "$$\n",
        "$$x$$\n\n",
        r"\\",
        "> \\[\n",
        "- $$\n",
    ],
)
def test_hostile_marks_take_no_time(piece: str) -> None:
    text = piece * (30_000 // len(piece))
    began = time.process_time()
    html = render_markdown(text)
    assert time.process_time() - began < SLOW_SECONDS
    assert html.count("<math") <= MAX_FORMULAS


def test_formulas_beyond_the_limit_stay_as_they_were_written() -> None:
    html = render_markdown("$x$ " * (MAX_FORMULAS + 2))
    assert html.count("<math") == MAX_FORMULAS
    assert html.count("<code>$x$</code>") == 2


def test_one_formula_is_rendered_as_in_its_text() -> None:
    source = r"\(\frac{a}{b}\)"
    assert f"<p>{render_formula(source)}</p>\n" == render_markdown(source)
    assert render_formula(r"\(\unknown\)") is None
