"""The tagger: Docs in, tags and their probabilities out."""
