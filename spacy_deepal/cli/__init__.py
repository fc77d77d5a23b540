"""`python -m spacy deepal …`: thin typer functions over the plain functions of the same name.

spaCy imports this module for each of its own commands, so a command imports what it runs only
when it runs.
"""

import sys

from spacy.cli._util import app as spacy_app

from ._app import app
from .convert import convert_cli
from .experiment import experiment_cli, train_cli
from .init_config import init_config_cli
from .prepare import prepare_cli
from .project_vars import check_project_vars
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
    "prepare_cli",
    "report_cli",
    "run_cli",
    "score_cli",
    "select_cli",
    "train_cli",
    "vectors_cli",
]

spacy_app.add_typer(app, name="deepal")
check_project_vars(sys.argv[1:])
