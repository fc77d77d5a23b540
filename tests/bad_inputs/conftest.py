import os

import pytest

from ..pools import quick
from .world import make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """The folder of the world, as the working folder."""
    folder = tmp_path_factory.mktemp("world")
    make_world(folder)
    before = os.getcwd()
    os.chdir(folder)
    with quick():
        yield folder
    os.chdir(before)
