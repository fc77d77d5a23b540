"""Deep active learning for named entity recognition, as a spaCy plugin.

spaCy imports this package at every blank pipeline, so nothing heavy is imported here: what the
package offers to notebooks and programs is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spacy.util import registry

from .about import __version__

if TYPE_CHECKING:
    from .acquisition.scoring import score
    from .acquisition.selection import select
    from .cli.init_config import init_config
    from .corpus.reading import ReadOptions
    from .errors import DeepALError
    from .experiment.prepare import prepare
    from .pool.convert import convert
    from .pool.lookup import fetch
    from .pool.pool import Pool
    from .rounds.run import Run

__all__ = [
    "DeepALError",
    "Pool",
    "ReadOptions",
    "Run",
    "__version__",
    "convert",
    "fetch",
    "init_config",
    "prepare",
    "score",
    "select",
]

_PLACES = {
    "DeepALError": "errors",
    "Pool": "pool.pool",
    "ReadOptions": "corpus.reading",
    "Run": "rounds.run",
    "convert": "pool.convert",
    "fetch": "pool.lookup",
    "init_config": "cli.init_config",
    "prepare": "experiment.prepare",
    "score": "acquisition.scoring",
    "select": "acquisition.selection",
}

if not hasattr(registry, "acquisition"):
    registry.create("acquisition", entry_points=True)


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_PLACES[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
