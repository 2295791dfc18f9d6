"""SQL that every message passes: what takes the ORM several round trips and much building.

Who may see what is said in querysets, and the tests of these modules hold both together. See
docs/decisions/0050.
"""
