from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import DeepALError


@contextmanager
def needs_extra(package: str, extra: str = "vectors") -> Iterator[None]:
    """Say how to install a package whose import within fails.

    RAISES (DeepALError): It is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise DeepALError(
            f"This needs the package {package}, which cannot be imported ({error}). Install it: "
            f'pip install "spacy_deepal[{extra}]"'
        ) from error
