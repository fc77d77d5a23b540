"""shown.jsonl: what `spacy deepal push` has shown people of a round, and suggested in it."""

from pathlib import Path

from ..files import Row
from ..rounds.rows import Entity
from ..rounds.run_folder import RESTORE
from ..sealed import RowFile
from .answers import Suggestion


class Shown(Row):
    """A sentence as it went out to a tool.

    model (str | None): What suggested: as in `WaitingBatch`.
    spans (list): The suggestions in characters.
    """

    tool: str
    id: str
    model: str | None
    suggestions: list[Suggestion]
    spans: list[Entity]


def shown_file(folder: Path) -> RowFile[Shown]:
    """RETURNS (RowFile[Shown]): That of a round's folder. There is none if nothing was pushed."""
    return RowFile(folder / "shown.jsonl", Shown, RESTORE)
