"""The labelled set of a run, as people have it today, in a file of any format."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from spacy.tokens import Doc

from ..annotation.answer_file import LABELLED
from ..annotation.answers import Part
from ..annotation.round_answers import docs_of_round, people_label, settle_round
from ..errors import DeepALError
from ..files import check_output
from ..pipelines import blank_pipeline
from ..pool.export import check_written, why_not_held, write_as
from ..pool.shards import read_shards
from ..rounds.run_folder import RoundFolder, RunFolder
from ..sentences import KEY, is_looked_at, labels_looked_for
from .labelled_run import LabelledRun
from .labelling_folder import LabellingFolder

ALL_PARTS: tuple[Part, ...] = get_args(Part)
IGNORED = "ignored, or nothing is known of them"


@dataclass
class LabelledSet:
    """What is labelled in a run.

    docs (list[Doc]): The sentences.
    left_out (Counter): How many sentences were selected and are not labelled, by the reason.
    not_held (list[str]): Why the format cannot hold sentences that are labelled: one line for each.
    older (list[str]): The types for which people have looked at all of these that were labelled
        before a type was added, or before the run began.
    asks_again (bool): Whether people are asked for these once more.
    """

    docs: list[Doc] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    not_held: list[str] = field(default_factory=list)
    older: list[str] = field(default_factory=list)
    asks_again: bool = True

    @property
    def remedy(self) -> str:
        """RETURNS (str): How sentences that were labelled before a type was added can be written;
        empty if none was left out."""
        if not self.older:
            return ""
        write = f"`--labels {','.join(self.older)}` writes these types alone, and with them the "
        if not self.asks_again:
            return write + "sentences that were labelled before the run began."
        return write + (
            "sentences that were labelled before a type was added. The page asks for these "
            "sentences again. Once they are accepted, they can be written with all types."
        )


def is_run(path: Path) -> bool:
    """RETURNS (bool): Whether a folder is that of a run that has begun."""
    return RunFolder(path).has_begun or LabellingFolder(path).begun


def export_labelled(
    run: Path,
    output: Path,
    format: str,
    parts: Iterable[str],
    labels: Collection[str] = (),
    comments: bool = True,
) -> LabelledSet:
    """Write what is labelled in a run, whole or not at all: the sentences that a format can hold.
    The answers of today count, also those that no round has taken yet.

    format (str): As for `export`.
    parts (Iterable[str]): "train", "dev" or "test".
    labels (Collection[str]): The types to write. A sentence that people have looked at for all of
        them is whole. Empty: all types of the run.
    comments (bool): As for `export`.
    RETURNS (LabelledSet): What was written and left out.
    RAISES (DeepALError): There is no such part, format or type; nothing can be written; or the
        output is part of the run.
    """
    check_written(format, comments)
    folder = RunFolder(run)
    pool = None if LabellingFolder(run).begun else folder.manifest.pool.path
    check_output(output, *folder.parts(), pool)
    _check_labels(run, labels)
    found = _sort(run, format, parts, labels)
    if not found.docs:
        reasons = "".join(f" Sentences {why}: {n}." for why, n in found.left_out.items())
        reasons += f" {found.not_held[0]}" if found.not_held else ""
        reasons += f" {found.remedy}" if found.older else ""
        raise DeepALError(f"There is no labelled sentence to write of {run}.{reasons}")
    write_as(found.docs, output, format, comments)
    return found


def _check_labels(run: Path, labels: Collection[str]) -> None:
    if not labels:
        return
    page = LabellingFolder(run)
    types = page.annotations.labels if page.begun else RunFolder(run).labels
    if unknown := [label for label in labels if label not in types]:
        raise DeepALError(
            f"--labels {','.join(labels)}: {run} has no {', '.join(unknown)}. Name some of its "
            f"types: {', '.join(types)}."
        )


def _sort(run: Path, format: str, parts: Iterable[str], labels: Collection[str]) -> LabelledSet:
    """RETURNS (LabelledSet): The sentences that a format can hold, and what it cannot."""
    found = LabelledSet(asks_again=LabellingFolder(run).begun)
    older: list[frozenset[str]] = []
    for part in dict.fromkeys(map(_part, parts)):
        for doc in _sentences(run, part, found.left_out):
            if labels:
                keep_labels(doc, labels)
            if not is_looked_at(doc):
                found.left_out[IGNORED] += 1
            elif reason := why_not_held(doc, format):
                found.not_held.append(reason)
                older.append(labels_looked_for(doc))
            else:
                found.docs.append(doc)
    if known := [*filter(None, older)]:
        found.older = sorted(frozenset.intersection(*known))
    return found


def keep_labels(doc: Doc, labels: Collection[str]) -> None:
    """Leave entities of other types than these out. A sentence that people have looked at for all
    of these is then annotated throughout."""
    kept = [ent for ent in doc.ents if ent.label_ in labels]
    others = [ent for ent in doc.ents if ent.label_ not in labels]
    if labels_looked_for(doc) >= {*labels}:
        doc.set_ents(kept, default="outside")
        doc.user_data[KEY].pop("labels")
    else:
        doc.set_ents(kept, outside=others, default="unmodified")
        if known := labels_looked_for(doc):
            doc.user_data[KEY]["labels"] = [label for label in labels if label in known]


def _part(name: str) -> Part:
    for part in ALL_PARTS:
        if part == name:
            return part
    raise DeepALError(f"--part {name}: name {', '.join(ALL_PARTS)}.")


def _sentences(run: Path, part: Part, left_out: Counter[str]) -> Iterator[Doc]:
    """YIELDS (Doc): The sentences of a part about which somebody has said something."""
    if LabellingFolder(run).begun:
        yield from _of_page(LabelledRun(run), part, left_out)
    elif part == "train":
        for here in RunFolder(run).rounds():
            yield from _of_round(run, here, left_out)
    else:
        path = getattr(RunFolder(run).manifest, part).path
        raise DeepALError(f"{part} of {run} is {path}, which was labelled before. Export that.")


def _of_page(run: LabelledRun, part: Part, left_out: Counter[str]) -> Iterator[Doc]:
    if not run.labelling.pool.exists():
        raise DeepALError(
            f"The text of {run.folder.path} is not read yet. Go on with `python -m spacy deepal "
            f"label {run.folder.path}` until it is."
        )
    if part != "train" and getattr(run.job, part):
        given = run.labelling.gold(part, run.job)
        yield from read_shards(given, blank_pipeline(run.job.lang).vocab)
    elif part == "test" and not run.job.test_words:
        raise DeepALError(f"{run.folder.path} has no test set of its own: dev is the test set too.")
    else:
        settled, accepted = run.annotations.settled(part), run.annotations.accepted(part)
        if ignored := len(settled) - len(accepted):
            left_out[IGNORED] += ignored
        yield from run.sentences(part)


def _of_round(run: Path, here: RoundFolder, left_out: Counter[str]) -> Iterator[Doc]:
    if not people_label(here):
        yield from here.read_batch(blank_pipeline(RunFolder(run).manifest.lang).vocab)
        return
    answers = settle_round(here, docs_of_round(run, here))
    if answers.unread:
        raise DeepALError(
            f"{here.path / LABELLED} has lines that cannot be read. Correct them: "
            f"{answers.unread[0]}"
        )
    counts = {
        "still to do": answers.waiting,
        "waiting for a decision, which `status` shows": answers.problems,
    }
    left_out.update({why: len(names) for why, names in counts.items() if names})
    yield from answers.settled
