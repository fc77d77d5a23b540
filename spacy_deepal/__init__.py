"""Deep active learning for named entity recognition, as a spaCy plugin.

spaCy imports this package at every blank pipeline, so nothing heavy is imported here.
"""

from spacy.util import registry

from .about import __version__

__all__ = ["__version__"]

if not hasattr(registry, "acquisition"):
    registry.create("acquisition", entry_points=True)
