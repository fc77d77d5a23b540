"""What is known of words before any label: static vectors, and pretrained encoders."""
