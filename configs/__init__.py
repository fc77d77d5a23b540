"""The configs that users start from. They are installed as the package spacy_deepal.configs."""
