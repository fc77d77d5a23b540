"""Random numbers: one seed in the config, from which each consumer derives its own."""

from hashlib import blake2b


def derive_seed(seed: int, *purpose: str | int) -> int:
    """Derive the seed of one consumer, so that none depends on what others drew before it.

    seed (int): The user's seed.
    purpose (str | int): What it is for, such as ("score", round).
    RETURNS (int): At least 0 and below 2**32.
    """
    text = "\x1f".join(str(part) for part in (seed, *purpose))
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")


def derive_uniform(seed: int, *purpose: str | int) -> float:
    """RETURNS (float): A number drawn uniformly from [0, 1) for one consumer."""
    text = "\x1f".join(str(part) for part in (seed, *purpose))
    bits = int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 11
    return bits / 2**53
