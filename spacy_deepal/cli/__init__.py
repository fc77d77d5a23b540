"""The commands `python -m spacy deepal …`: thin typer functions over plain functions.

spaCy imports this module for each of its own commands. So importing it is quick and has no effect
but to add the commands: a command imports what it runs when it runs.
"""

from spacy.cli._util import app as spacy_app

from ._app import app
from .convert import convert_cli
from .experiment import experiment_cli, train_cli
from .init_config import init_config_cli
from .label import label_cli
from .prepare import prepare_cli
from .report import report_cli
from .run import run_cli
from .score import score_cli
from .select import select_cli
from .vectors import vectors_cli

__all__ = [
    "app",
    "convert_cli",
    "experiment_cli",
    "init_config_cli",
    "label_cli",
    "prepare_cli",
    "report_cli",
    "run_cli",
    "score_cli",
    "select_cli",
    "train_cli",
    "vectors_cli",
]

spacy_app.add_typer(app, name="deepal")
