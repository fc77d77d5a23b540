"""Corpus: annotated and raw text, one module for each format."""
