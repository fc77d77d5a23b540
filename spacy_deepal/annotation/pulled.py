"""Take answers into a run: each to the round that asked for it, where the oracle reads them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ..corpus.folders import find_files, open_all
from ..corpus.reading import BadLine, ReadOptions
from ..corpus.sources import check_encoding
from ..errors import DeepALError, list_problems
from ..rounds.run_folder import RoundFolder, RunFolder
from .answer_file import LABELLED, add_replies, sources_of
from .file_oracle import NOBODY, is_unlabelled
from .round_answers import docs_of_round, settle_round
from .shown_file import shown_file
from .tool_answers import Known, Told, describe_unread, read_answers


@dataclass
class Pulled:
    """What came of a pull.

    changed (int): The sentences about which something new was said.
    others (int): The sentences of the source that are of no round of the run.
    labelled, total (int): The sentences of the last round that are labelled now, and all of them.
    problems (list[str]): What a person has to decide before that round can go on.
    unread (list[str]): Answers that cannot be read. What was said before in their place stays.
    dropped (list[str]): Spans of the last round that the rule for borders leaves out.
    unchanged (int): The sentences that are as `push` wrote them, so that they are still to do.
    """

    changed: int = 0
    others: int = 0
    labelled: int = 0
    total: int = 0
    problems: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    unchanged: int = 0
    dropped: list[str] = field(default_factory=list)


class AskedFor:
    """The sentences of all rounds of a run that people were asked for, and what was answered about
    them.

    RAISES (DeepALError): There is no such run, or it has not selected anything yet.
    """

    def __init__(self, run: Path) -> None:
        self.folder = RunFolder(run)
        labels = self.folder.labels
        begun = (here for here in self.folder.rounds() if here.selected.path.exists())
        rounds = [here for here in begun if not self.folder.was_labelled(here.number)]
        if not rounds:
            raise DeepALError(
                f"{run} has not selected a sentence yet. Give the command of the run."
            )
        self._docs = {here.number: docs_of_round(run, here) for here in rounds}
        self.rounds = rounds
        shown = [row for here in rounds for row in shown_file(here.path).read()]
        self.known = Known((doc for docs in self._docs.values() for doc in docs), labels, shown)
        self._round_of = {row.id: here for here in rounds for row in here.selected.read()}

    def take(self, told: dict[str, list[Told]], *, confirmed: bool = False) -> Pulled:
        """Keep what sources say, beside what others say, and look at what it makes of the last
        round.

        told (dict): By the source: a project, or the path of a file.
        confirmed (bool): As for `pull_files`.
        """
        pulled = Pulled()
        for source, each in told.items():
            answers = each if confirmed else self._without_unchanged(each, source, pulled)
            pulled.changed += self._keep(answers, source)
        self._look_at(self.rounds[-1], pulled)
        return pulled

    def _without_unchanged(self, told: list[Told], source: str, pulled: Pulled) -> list[Told]:
        """RETURNS (list[Told]): What a source says, without that which is as it went out. If the
        source has said something else of a sentence before, it stays: somebody changed it back."""
        known = {here.number: sources_of(here.path / LABELLED) for here in self.rounds}
        kept = []
        for each in told:
            sources = known[self._round_of[each.id].number].get(each.id, ())
            if not each.unchanged or source in sources:
                kept.append(each)
            else:
                pulled.unchanged += not sources
        return kept

    def _keep(self, told: list[Told], source: str) -> int:
        by_round: dict[int, list[Told]] = defaultdict(list)
        for each in told:
            by_round[self._round_of[each.id].number].append(each)
        return sum(
            add_replies(
                here.path / LABELLED,
                [reply for each in by_round[here.number] for reply in each.replies],
                source,
                {each.id for each in by_round[here.number]},
                {each.id: self.known.docs[each.id].text for each in by_round[here.number]},
            )
            for here in self.rounds
        )

    def _look_at(self, here: RoundFolder, pulled: Pulled) -> None:
        answers = settle_round(here, self._docs[here.number])
        pulled.problems = [*answers.unread, *answers.problems.values()]
        pulled.dropped = answers.dropped
        pulled.total, pulled.labelled = len(answers.docs), len(answers.settled)


def pull_files(
    run: Path,
    inputs: Iterable[Path],
    options: ReadOptions,
    encoding: str = "utf-8",
    *,
    confirmed: bool = False,
) -> Pulled:
    """Take the answers in files into a run: all of them or, on any error, none.

    A file is a source of its own, and so is a folder of brat, told by its path: what it says now
    replaces what it said before about the same sentences.

    inputs (Iterable[Path]): Files and folders, as for `find_files`.
    options (ReadOptions): How to read records: `text_key`, `spans_key` and `offsets`.
    confirmed (bool): People have looked at all sentences of the files. If False, a sentence of
        doccano or brat that is as `push` wrote it is still to do: these tools do not tell.
    RAISES (DeepALError): Lines cannot be read, or are about sentences that were not asked for. The
        message shows them with file, line and text.
    """
    check_encoding(encoding)
    asked = AskedFor(run)
    told: dict[str, list[Told]] = defaultdict(list)
    problems: list[str] = []
    for file in find_files(inputs).files:
        if any(is_unlabelled(file, here.path) for here in asked.rounds):
            raise DeepALError(NOBODY.format(file))
        for source in open_all(file, encoding)[0]:
            if source.suffix != ".ann" and not any(line.strip() for _, line in source.lines()):
                problems.append(f"{source.path}: it is empty, so it may be cut off. Export it anew")
            for item in read_answers(source, asked.known, options):
                if isinstance(item, BadLine):
                    problems.append(describe_unread(f"{source.path}:{item.line}", item))
                else:
                    path = source.path.parent if source.suffix == ".ann" else source.path
                    told[str(path.resolve())].append(item)
    if problems:
        title = f"Nothing was taken. Problems: {len(problems)}. Correct them."
        raise DeepALError(title + list_problems(problems))
    return asked.take(told, confirmed=confirmed)
