"""Simulated active learning on labelled data: several functions and seeds, and a report."""
