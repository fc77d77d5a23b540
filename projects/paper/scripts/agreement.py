"""How far do the labels of a data set agree with themselves?

    python scripts/agreement.py runs/large

Some sentences are in the pool more than once, word for word. If their labels differ, no model can
be right about all of them. Records a line for each data set of a workspace: the F1 of each copy
against the copy before it, and of how many entities. Prints all that the file of results holds.
"""

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import spacy
import typer
from results import DIGITS, RESULTS, markdown, read_lines, record, show_errors
from spacy.tokens import Doc

from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.shards import read_shards

HEAD = ("", "sentences with entities that have copies", "entities in them", "F1 of the copies")


def main(
    workspace: Annotated[Path | None, typer.Argument(help="With the pools, to record")] = None,
    output: Annotated[Path, typer.Option(help="File of results")] = RESULTS / "agreement.jsonl",
) -> None:
    """Record how far copies of sentences agree, and print a table of all that is recorded."""
    with show_errors():
        pools = sorted(workspace.glob("*/corpus/train")) if workspace else []
        if workspace and not pools:
            raise DeepALError(f"{workspace} has no pools. Run `spacy deepal experiment` first.")
        for pool in pools:
            found = agreement(read_shards(pool, spacy.blank("xx").vocab))
            record(output, [{"data": pool.parents[1].name, **found}], by=("data",))
        lines = read_lines(output)
    print(markdown(HEAD, *map(row, lines)))


def row(line: dict[str, Any]) -> list[str]:
    """RETURNS (list[str]): The columns of `HEAD`."""
    f1 = "" if line["ents_f"] is None else f"{100 * line['ents_f']:.1f}"
    return [line["data"], f"{line['sentences']:,}", f"{line['ents']:,}", f1]


def agreement(docs: Iterable[Doc]) -> dict[str, Any]:
    """Compare the entities of each sentence with those of its last copy before it.

    RETURNS (dict): How many different sentences have copies, and an entity in one of these; the
        entities of all copies; and their F1, or None if there are none.
    """
    copies: dict[tuple[str, ...], list[set[tuple[int, int, str]]]] = {}
    for doc in docs:
        words = tuple(token.text for token in doc)
        copies.setdefault(words, []).append({(e.start, e.end, e.label_) for e in doc.ents})
    several = [found for found in copies.values() if len(found) > 1 and any(found)]
    pairs = [pair for found in several for pair in pairwise(found)]
    same = sum(len(before & after) for before, after in pairs)
    both = sum(len(before) + len(after) for before, after in pairs)
    return {
        "sentences": len(several),
        "ents": sum(len(ents) for found in several for ents in found),
        "ents_f": round(2 * same / both, DIGITS) if both else None,
    }


if __name__ == "__main__":
    typer.run(main)
