"""The form of every JSON answer: envelope, errors, pages and event streams."""
