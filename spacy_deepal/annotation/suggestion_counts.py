"""What became of the suggestions that people saw."""

from collections.abc import Iterable

from ..files import Row
from .answers import Answer


class SuggestionCounts(Row):
    """Suggestions in the sentences that people accepted.

    accepted (int): Those that stayed as they were.
    changed (int): Those in whose place there is an entity of other tokens or another type.
    removed (int): Those in whose place there is none.
    missed (int): Entities in whose place nothing was suggested.
    """

    accepted: int = 0
    changed: int = 0
    removed: int = 0
    missed: int = 0

    @property
    def shown(self) -> int:
        """RETURNS (int): How many suggestions people saw."""
        return self.accepted + self.changed + self.removed


def count_suggestions(answers: Iterable[Answer]) -> SuggestionCounts:
    """Compare what was suggested with what people gave. Sentences that nothing could make
    suggestions for, as those before the first model, do not count.

    answers (Iterable[Answer]): The answers that count.
    """
    accepted = changed = removed = missed = 0
    for answer in answers:
        if answer.answer != "accept" or not (answer.suggested or answer.model is not None):
            continue
        suggested = {(each.start, each.end, each.label) for each in answer.suggested}
        given = {*answer.entities}
        accepted += len(suggested & given)
        wrong, new = suggested - given, given - suggested
        meeting = [one for one in wrong if _meets(one, new)]
        changed += len(meeting)
        removed += len(wrong) - len(meeting)
        missed += sum(not _meets(one, wrong) for one in new)
    return SuggestionCounts(accepted=accepted, changed=changed, removed=removed, missed=missed)


def _meets(one: tuple[int, int, str], others: Iterable[tuple[int, int, str]]) -> bool:
    return any(one[0] < end and start < one[1] for start, end, _ in others)
