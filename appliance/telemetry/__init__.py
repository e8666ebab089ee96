"""What has passed: samples of the box and of everything that it balances, kept for two years in a bounded file."""
