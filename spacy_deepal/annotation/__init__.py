"""People as the oracle: what they are given to label, and what they give back."""
