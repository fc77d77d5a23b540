import pytest
import torch
from hypothesis import settings
from spacy.util import registry

# `nlp.pipe(n_process=2)` forks, and the threads of torch do not survive a fork: a child that waits
# for them waits for ever. With one thread there are none to lose, and the tests share their cores.
# tests/tagger/test_processes.py forks a process that has several.
torch.set_num_threads(1)

# spaCy fills its registry when it is first used. That must not be in a test that patches it.
registry.ensure_populated()


@pytest.fixture
def memory():
    """A URL in the memory of this process."""
    from fsspec.implementations.memory import MemoryFileSystem

    yield "memory://bucket"
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]


# A test asserts no time: hypothesis would let an example of more than 200 ms fail.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
