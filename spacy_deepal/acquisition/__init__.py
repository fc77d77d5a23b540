"""What to label next: acquisition functions, the scoring of a pool, selection under a budget."""
