"""Run folders in; learning curves, tables and the picked sentences out, in one HTML file."""

from .curves import figure
from .page import report

__all__ = ["figure", "report"]
