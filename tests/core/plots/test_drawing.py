"""What is drawn: valid, escaped, in the right places, and told apart without colour."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.plots import Columns, Lines, Plot, Row, Rows, Unit

NUMBERS = st.none() | st.floats(0, 1e7, allow_nan=False)


def drawn(plot: Plot) -> ET.Element:
    return ET.fromstring(plot.svg())


def found(plot: Plot, tag: str, look: str) -> list[dict[str, str]]:
    return [
        dict(part.attrib) for part in drawn(plot).iter(tag) if look in part.get("class", "").split()
    ]


def two_series(**fields: object) -> Columns:
    values = {"name": "flow", "title": "Flow", "summary": "In and out.", "labels": ["Mon", "Tue"]}
    series = [("In", [10, 5]), ("Out", [None, 10])]
    return Columns(**{**values, "series": series, **fields})  # type: ignore[arg-type]


def test_columns_stand_side_by_side_on_the_base() -> None:
    bars = found(two_series(), "rect", "plot-fill-a")
    assert [(bar["x"], bar["width"], bar["y"], bar["height"]) for bar in bars] == [
        ("6%", "19%", "10", "186"),
        ("56%", "19%", "103", "93"),
    ]
    (other,) = found(two_series(), "rect", "plot-edge-b")
    assert (other["x"], other["fill"]) == ("75%", "url(#flow-b)")


def test_stacked_columns_stand_on_each_other() -> None:
    plot = two_series(is_stacked=True, series=[("In", [6, 0]), ("Out", [4, 0])])
    (lower,) = found(plot, "rect", "plot-fill-a")
    (upper,) = found(plot, "rect", "plot-edge-b")
    assert float(upper["y"]) + float(upper["height"]) == pytest.approx(float(lower["y"]))
    assert float(upper["y"]) == pytest.approx(10)


def test_a_picture_has_a_name_a_description_and_what_a_pointer_reads() -> None:
    root = drawn(two_series())
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"] == "flow-title flow-desc"
    texts = {part.get("id"): part.text for part in root.iter() if part.get("id")}
    assert texts["flow-title"] == "Flow"
    assert texts["flow-desc"] == "In and out."
    hovers = [part.text for part in root.iter("title") if part.text != "Flow"]
    assert hovers == ["Mon\nIn: 10\nOut: \N{EN DASH}", "Tue\nIn: 5\nOut: 10"]


def test_text_is_never_markup() -> None:
    evil = "<script>x</script>\"'&"
    for plot in (
        two_series(title=evil, summary=evil, labels=[evil, evil], series=[(evil, [1, 2])]),
        Rows("r", evil, evil, [Row(evil, evil, bar=1)]),
        Lines("l", evil, evil, [evil], [(evil, [1])], level=(1, evil)),
    ):
        markup = plot.svg() + "".join(key.swatch for key in plot.legend())
        assert "<script" not in markup
        assert "style=" not in markup
        assert ET.fromstring(plot.svg()) is not None


def test_five_series_look_different_each() -> None:
    plot = two_series(labels=["One"], series=[(name, [1]) for name in "vwxyz"])
    assert len({str(key.swatch) for key in plot.legend()}) == 5


def test_a_line_breaks_where_there_is_no_value() -> None:
    plot = Lines("l", "T", "S", list("abcd"), [("One", [1, None, 2, 2])])
    (line,) = found(plot, "path", "plot-line-a")
    assert line["d"] == "M125.0 103.0M625.0 10.0L875.0 10.0"
    assert len(found(plot, "circle", "plot-fill-a")) == 3


def test_a_band_is_drawn_for_each_stretch_that_has_both_edges() -> None:
    edges = ([0, 0, None, 1], [2, 2, 2, 2])
    plot = Lines("l", "T", "S", list("abcd"), [("One", [1, 1, 1, 2])], band=edges)
    (band,) = found(plot, "path", "plot-band")
    assert band["d"] == "M125.0 10.0L375.0 10.0L375.0 196.0L125.0 196.0Z"
    assert [key.label for key in plot.legend()] == ["One", ""]


def test_rows_show_bars_points_and_intervals_on_one_scale() -> None:
    rows = [
        Row("Words", "80%", points=[0.8], interval=(0.5, 0.9)),
        Row("Numbers", "25%", bar=0.25, is_alarming=True),
    ]
    plot = Rows(
        "r", "T", "S", rows, Unit.SHARE, ["Precision"], interval_label="95%", level=(0.75, "gate")
    )
    (mark,) = found(plot, "svg", "plot-mark")
    assert mark["x"] == "80%"
    line = found(plot, "line", "plot-interval")[0]
    assert (line["x1"], line["x2"]) == ("50%", "90%")
    (bar,) = found(plot, "rect", "plot-alarming")
    assert bar["width"] == "25%"
    (level,) = found(plot, "line", "plot-level")
    assert level["x1"] == "75%"


def test_series_differ_by_more_than_colour() -> None:
    plot = Columns("c", "T", "S", ["a"], [(name, [1]) for name in "pqrs"])
    shapes = {
        pattern.attrib["id"]: [part.tag for part in pattern][1]
        for pattern in drawn(plot).iter("pattern")
    }
    assert shapes == {"c-b": "rect", "c-c": "circle", "c-d": "rect"}
    assert len({str(key.swatch) for key in plot.legend()}) == 4


def test_labels_are_thinned_and_thinner_still_on_a_narrow_screen() -> None:
    labels = [str(day) for day in range(30)]
    plot = Columns("c", "T", "S", labels, [("One", [1] * 30)])
    ticks = found(plot, "text", "plot-tick-middle")
    assert len(ticks) == 8
    assert sum("plot-tick-wide" in tick["class"] for tick in ticks) == 4


@settings(deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=40), st.booleans())
def test_any_figures_can_be_drawn(
    values: list[tuple[float | None, float | None]], flag: bool
) -> None:
    labels = [str(number) for number in range(len(values))]
    series = [("One", [one for one, _ in values]), ("Two", [two for _, two in values])]
    rows = [
        Row(label, "", bar=pair[0], points=pair) for label, pair in zip(labels, values, strict=True)
    ]
    for plot in (
        Columns("c", "T", "S", labels, series, is_stacked=flag),
        Lines("l", "T", "S", labels, series, Unit.SECONDS, is_log=flag),
        Rows("r", "T", "S", rows, points=["One", "Two"], is_log=flag),
    ):
        assert "nan" not in plot.svg()
        ET.fromstring(plot.svg())
