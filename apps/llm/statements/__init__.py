"""SQL that every call to a model passes; see docs/decisions/0050 and 0075.

Apps above read prices, limits and pauses in statements of their own by the fragments given here.
"""
