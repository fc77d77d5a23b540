"""What is known of words before any label: static vectors, and where they come from."""
