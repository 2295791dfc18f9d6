"""The chat pages and their forms: each loads or changes what it shows by one service."""
