"""Plots as SVG, made on the server: figures in, markup out; no script and no library.

Widths are shares of whatever room the page gives, heights are pixels, so that text keeps its size
from a phone to a wide screen. Series differ by filling, dash and shape besides their colours, which
`static/css/components/plot.css` takes from the design tokens.
"""

from apps.core.plots.columns import Columns
from apps.core.plots.figure import Figure, Plot
from apps.core.plots.lines import Lines
from apps.core.plots.rows import Row, Rows
from apps.core.plots.svg import Key
from apps.core.plots.units import Unit, write

__all__ = ["Columns", "Figure", "Key", "Lines", "Plot", "Row", "Rows", "Unit", "write"]
