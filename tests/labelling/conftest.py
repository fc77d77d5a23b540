import pytest

from .browser import chromium


@pytest.fixture(scope="session")
def browser():
    """Chromium, with nothing in it."""
    with chromium() as opened:
        yield opened
