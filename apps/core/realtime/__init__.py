"""What is happening now, from the process where it happens to the pages that are open.

Text of answers takes the direct way (`publisher`, `hub`); coarse facts go to groups (`groups`).
Both are hints: whoever misses one finds the truth in PostgreSQL.
"""
