"""Budgets: how many words are labelled in a round."""

from .errors import DeepALError

# As `seed_words`: the first round learns from what is labelled in the pool before the run begins.
WHAT_IS_LABELLED = "labelled"


def words_of(budget: int | float | str, pool_words: int) -> int:
    """RETURNS (int): A budget in words. A share of the pool is at least one word.

    RAISES (DeepALError): It is WHAT_IS_LABELLED, which says no number.
    """
    if isinstance(budget, str):
        raise DeepALError(
            f'seed_words = "{budget}" in [active_learning] does not suit the labelling page. Let '
            f"seed_words be a number of words, and begin with `label --seed-words {budget}`."
        )
    return budget if isinstance(budget, int) else max(1, round(budget * pool_words))
