"""All that exists only for speed: the same results as the plain network, sooner.

`FastEngine` is the face that the tagger sees, `use_fast` the switch. SPACY_DEEPAL_FAST=0 in the
environment switches the fast path off from the start.

Training: `flat_rows.py` over `products.py` and `packed_lstm.py`. Prediction: `fast_engine.py` over
`tables.py`, `folded.py` and `layout.py`, which has a drawing of how sentences lie in memory.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_fast: ContextVar[bool] = ContextVar("fast", default=os.environ.get("SPACY_DEEPAL_FAST") != "0")


def is_fast() -> bool:
    """RETURNS (bool): The fast path is on."""
    return _fast.get()


@contextmanager
def use_fast(on: bool) -> Iterator[None]:
    """Switch the fast path on or off for a while, in this thread."""
    token = _fast.set(on)
    try:
        yield
    finally:
        _fast.reset(token)
