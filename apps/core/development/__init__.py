"""The real parts that development and tests run on, without root, Docker or a network.

PostgreSQL, a Redis-protocol server and a small local model come from wheels and run as child
processes. Nothing here needs Django to be set up, and nothing outside development imports it.
"""
