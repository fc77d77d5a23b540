__title__ = "spacy_deepal"
__version__ = "0.1.0"
