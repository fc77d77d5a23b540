"""The oracle of a run that people label in Label Studio: it pushes each batch and pulls answers."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from spacy.tokens import Doc

from ..corpus.reading import Border, Offsets, ReadOptions
from ..errors import LabelsAwaited, Unsettled, count_waiting, list_problems
from ..rounds.run_folder import RoundFolder
from .contradictions import OPTION, Rule
from .file_oracle import FileOracle
from .pulled import AskedFor
from .studio_project import check_pushed, pull_from_studio, push_to_studio


class LabelStudioOracle(FileOracle):
    """`spacy_deepal.LabelStudioOracle.v1`: people label in Label Studio.

    url (str): The address of the server. The token is read from the environment.
    project (str | None): The title of the project. None: it is made of the name of the run.
    contradictions, border (str), enough (float): As for `FileOracle`.
    offsets (str): What the offsets of the answers count: see `ReadOptions`.
    """

    def __init__(
        self,
        url: str,
        project: str | None = None,
        contradictions: Rule = "error",
        border: Border = "refuse",
        enough: float = 1.0,
        offsets: Offsets = "characters",
    ) -> None:
        super().__init__(contradictions, border, enough)
        self.url, self.project, self.options = url, project, ReadOptions(offsets=offsets)
        self._asked: dict[Path, AskedFor] = {}  # when a round was pushed, by its folder

    def label(self, docs: Sequence[Doc], folder: Path) -> Iterable[Doc]:
        """Label the sentences by the answers that are here. If some are missing, upload the batch,
        unless it is on the server, and take the answers from there.

        RAISES (LabelsAwaited): Sentences wait to be labelled. Unsettled: Answers do not fit their
            sentences, or contradict each other; or the server cannot be reached. DeepALError: The
            server refuses something.
        """
        with suppress(Unsettled):
            return super().label(docs, folder)
        run = folder.parent
        if folder not in self._asked:
            if RoundFolder(folder, 0).batch.exists():  # an answer was taken back later
                check_pushed(run)
            else:
                push_to_studio(run, self.url, self.project)
            self._asked[folder] = AskedFor(run)
        pulled = pull_from_studio(run, self._asked[folder], self.options)
        if pulled.unread:
            raise Unsettled(
                f"Answers at {check_pushed(run).address} cannot be read. Correct them. If their "
                f"offsets do not count characters, say so with {OPTION}.offsets."
                + list_problems(pulled.unread)
            )
        try:
            return super().label(docs, folder)
        except LabelsAwaited as wait:
            raise LabelsAwaited(
                f"{count_waiting(wait.total - wait.answered, wait.total)} in Label Studio: "
                f"{check_pushed(run).address}. Label there and run the same command again.",
                wait.answered,
                wait.total,
                folder,
            ) from None
