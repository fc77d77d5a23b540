"""Packages that are not installed with this one, but with one of its extras."""

import importlib
from types import ModuleType

from .errors import DeepALError


def import_extra(package: str, extra: str) -> ModuleType:
    """Import a package that only an extra installs.

    RAISES (DeepALError): It is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise DeepALError(
            f"The package {package} is missing ({error}). Install it: "
            f'pip install "spacy_deepal[{extra}]"'
        ) from error
