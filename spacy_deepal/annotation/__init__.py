"""People as the oracle: what they say, whose answer counts, and the tools in which they say it."""
