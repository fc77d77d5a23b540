"""Random numbers: the config has one seed, and each consumer derives its own from it."""

from hashlib import blake2b


def derive_seed(seed: int, *purpose: str | int) -> int:
    """Derive the seed of one consumer. It does not depend on what others have drawn.

    seed (int): The user's seed.
    purpose (str | int): What the seed is for, such as ("score", round).
    RETURNS (int): At least 0 and below 2**32.
    """
    return int.from_bytes(_digest(4, seed, *purpose), "big")


def derive_uniform(seed: int, *purpose: str | int) -> float:
    """RETURNS (float): A random number from [0, 1) for one consumer, as for `derive_seed`."""
    return (int.from_bytes(_digest(8, seed, *purpose), "big") >> 11) / 2**53


def _digest(size: int, *parts: str | int) -> bytes:
    return blake2b("\x1f".join(map(str, parts)).encode(), digest_size=size).digest()
