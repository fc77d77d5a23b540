"""Acquisition: what to label next, by functions of what a model says of each sentence."""
