"""The commands `python -m spacy deepal …`: thin typer functions over plain functions.

spaCy imports this module for each of its own commands. So importing it is quick and has no effect
but to add the commands: a command imports what it runs when it runs.
"""

from spacy.cli._util import app as spacy_app

from . import (
    convert,
    experiment,
    export,
    init_config,
    label,
    prepare,
    pull,
    push,
    report,
    run,
    score,
    select,
    status,
    vectors,
)
from ._app import app

__all__ = ["app"]

spacy_app.add_typer(app, name="deepal")
