"""Readers and writers of annotated and raw text, one module for each format."""
