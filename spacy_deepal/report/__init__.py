"""The report about runs: learning curves, tables and the selected sentences in one HTML file."""

from .curves import write_figure
from .page import write_report

__all__ = ["write_figure", "write_report"]
