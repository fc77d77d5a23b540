"""The `[active_learning]` block of a config: what a run does. Every key is checked."""

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from math import inf
from typing import Any

from spacy.util import registry
from thinc.api import Config

from ..acquisition.functions import AcquisitionFunction
from ..errors import DeepALError
from .oracle import Oracle
from .stability import ROUNDS

SECTION = "active_learning"
RANDOM, REPRESENTATIVE = SEED_SETS = "random", "representative"
BLOCKS = {"acquisition": "@acquisition", "oracle": "@misc"}  # where their functions are registered


@dataclass(frozen=True)
class Settings:
    """The settings of a run, with the defaults of keys that a config leaves out.

    seed (int): Seed of everything random.
    seed_words, budget_words (int | float): Words of the seed set and of each later batch: an
        integer is words, a float below 1 a share of the pool's words.
    rounds (int): Rounds after the seed set's; 0: until the pool is used up.
    target_f (float | None): Stop when F1 on dev, from 0 to 1, has reached this.
    stop_stability (float | None): Stop when the stability of predictions, from 0 to 1, has reached
        this in the mean of the last `stop_rounds` rounds.
    passes (int): Passes over the labelled set in a round.
    min_updates (int): Small labelled sets get more passes, until there are so many updates.
    evaluations (int): How often a round looks at dev to choose its model.
    warm_start (bool): Train on from the last round's weights; else from the initial ones.
    cold_start (float): While F1 on dev is below this, sentences are chosen at random; 0: never.
    seed_set (str): "random"; or "representative" of ten times as much text, drawn at random.
    representative_of (float | None): A later batch is to have the words of the highest scores with
        so many times its budget (above 1); None: it is that of the highest scores.
    max_similarity (float | None): Pass over sentences that share so much of their words with one of
        the batch (Jaccard, above 0, up to 1); None: take them too.
    acquisition (AcquisitionFunction), oracle (Oracle): The registered blocks of these names.
    """

    seed: int
    seed_words: int | float
    budget_words: int | float
    passes: int
    acquisition: AcquisitionFunction
    oracle: Oracle
    rounds: int = 0
    target_f: float | None = None
    stop_stability: float | None = None
    stop_rounds: int = ROUNDS
    min_updates: int = 0
    evaluations: int = 5
    warm_start: bool = True
    cold_start: float = 0.0
    seed_set: str = RANDOM
    representative_of: float | None = None
    max_similarity: float | None = None


ENDS = ("rounds", "target_f", "stop_stability", "stop_rounds")  # change nothing that is done
DEFAULTS = {field.name: field.default for field in fields(Settings) if field.default is not MISSING}


def read_settings(config: Config) -> Settings:
    """Read and check the block.

    config (Config): The whole config, interpolated.
    RETURNS (Settings): The settings, functions made.
    RAISES (DeepALError): Names every key that is missing, unknown or out of range.
    """
    check_sections(config, SECTION)
    block = dict(config[SECTION])
    errors = _check_keys(block)
    values = {key: block[key] for key in CHECKS if key in block}
    for key, value in values.items():
        expected, holds = CHECKS[key]
        if not holds(value):
            errors.append(f"[{SECTION}] {key} = {value!r}: must be {expected}")
    made = {}
    for key, registered in BLOCKS.items():
        if not isinstance(block.get(key), dict):
            continue
        if registered not in block[key]:
            errors.append(f"[{SECTION}.{key}] {registered} is missing: the name of a function")
            continue
        try:
            made[key] = registry.resolve({key: block[key]})[key]
        except ValueError as error:  # unknown name, bad argument, or the function's own complaint
            errors.append(f"[{SECTION}.{key}] {str(error).strip()}")
    errors += [f"[{name}] is missing" for name in ("nlp", "training") if name not in config]
    for path in ("train", "dev", "pool", "test"):
        if path not in config.get("paths", {}):
            errors.append(f"[paths] {path} is missing" + (" (null will do)" * (path == "train")))
        elif path != "train" and not isinstance(config["paths"][path], str):
            errors.append(f"[paths] {path} is not set: give it as --paths.{path}")
    if errors:
        raise DeepALError("The config cannot be used:\n- " + "\n- ".join(errors))
    return Settings(**values, **made)


def check_sections(config: Config, *names: str) -> None:
    """RAISES (DeepALError): The config has no section of one of these names."""
    if missing := [f"[{name}]" for name in names if name not in config]:
        raise DeepALError(
            f"The config has no {' and no '.join(missing)} section. configs/al.cfg shows one that "
            "does all."
        )


def words_of(budget: int | float, pool_words: int) -> int:
    """RETURNS (int): A number of words as it is; of a share, that of the pool, at least 1."""
    return budget if isinstance(budget, int) else max(1, round(budget * pool_words))


def _check_keys(block: dict[str, Any]) -> list[str]:
    known = [field.name for field in fields(Settings)]
    needed = [field.name for field in fields(Settings) if field.default is MISSING]
    errors = [
        f"[{SECTION}] {key} is unknown. Known: {', '.join(known)}"
        for key in block
        if key not in known
    ]
    for key in needed:
        if key not in block:
            errors.append(f"[{SECTION}{f'.{key}]' if key in BLOCKS else f'] {key}'} is missing")
        elif key in BLOCKS and not isinstance(block[key], dict):
            errors.append(f"[{SECTION}] {key} = {block[key]!r}: must be a block of its own")
    return errors


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_budget(value: Any) -> bool:
    return (_is_int(value) and value > 0) or (isinstance(value, float) and 0 < value < 1)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_share(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


CHECKS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "seed": ("an integer of 0 or more", lambda v: _is_int(v) and v >= 0),
    "seed_words": ("a number of words, or a share of the pool above 0 and below 1", _is_budget),
    "budget_words": ("a number of words, or a share of the pool above 0 and below 1", _is_budget),
    "rounds": ("an integer of 0 or more", lambda v: _is_int(v) and v >= 0),
    "target_f": ("null or a number from 0 to 1", lambda v: v is None or _is_share(v)),
    "stop_stability": ("null or a number from 0 to 1", lambda v: v is None or _is_share(v)),
    "stop_rounds": ("an integer of 1 or more", lambda v: _is_int(v) and v >= 1),
    "passes": ("an integer of 1 or more", lambda v: _is_int(v) and v >= 1),
    "min_updates": ("an integer of 0 or more", lambda v: _is_int(v) and v >= 0),
    "evaluations": ("an integer of 1 or more", lambda v: _is_int(v) and v >= 1),
    "warm_start": ("true or false", lambda v: isinstance(v, bool)),
    "cold_start": ("a number from 0 to 1", _is_share),
    "seed_set": (" or ".join(f'"{name}"' for name in SEED_SETS), lambda v: v in SEED_SETS),
    "representative_of": (
        "null or a number above 1",
        lambda v: v is None or (_is_number(v) and 1 < v < inf),
    ),
    "max_similarity": (
        "null or a number above 0 and up to 1",
        lambda v: v is None or (_is_share(v) and v > 0),
    ),
}
