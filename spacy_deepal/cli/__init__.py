"""`python -m spacy deepal …`: thin typer functions over the plain functions of the same name.

spaCy imports this module for each of its own commands, so a command imports what it runs only
when it runs.
"""

from spacy.cli._util import app as spacy_app

from ._app import app
from .convert import convert_cli
from .report import report_cli

__all__ = ["app", "convert_cli", "report_cli"]

spacy_app.add_typer(app, name="deepal")
