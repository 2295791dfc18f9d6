"""Finds what rules look for in a text, whole or as it streams in. Pure: no models, no I/O."""
