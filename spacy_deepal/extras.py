"""Packages that are not installed with this one, but with one of its extras."""

import importlib
from types import ModuleType

from .errors import DeepALError


def import_extra(package: str, extra: str, where: str = "") -> ModuleType:
    """Import a package that only an extra installs.

    where (str): Where it has to be installed, if not here alone: " on all machines".
    RAISES (DeepALError): It is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise DeepALError(
            f"The package {package} is missing ({error}). Install it{where}: "
            f'pip install "spacy_deepal[{extra}]"'
        ) from error
