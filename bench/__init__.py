"""What a token costs, beside the floor and two baselines. See bench/README.md."""
