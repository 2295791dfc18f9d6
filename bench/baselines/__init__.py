"""Two servers to compare with; see bench/README.md."""
