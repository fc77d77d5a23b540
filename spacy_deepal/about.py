"""The package's name and version, which setup.cfg reads too."""

__title__ = "spacy_deepal"
__version__ = "0.2.0"
