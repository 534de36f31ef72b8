"""What a plan buys and what that costs."""
