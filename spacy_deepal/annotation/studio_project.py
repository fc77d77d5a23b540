"""The batches of a run as tasks of a Label Studio project: they go there, and answers come back."""

from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import quoteattr

from ..corpus.reading import BadLine, ReadOptions
from ..errors import DeepALError, Unsettled
from ..files import Row
from ..progress import progress_bar
from ..rounds.run_folder import RunFolder
from ..sealed import read_sealed_row, write_sealed_json
from .pulled import AskedFor, Pulled
from .studio_client import StudioClient
from .tool_answers import Told, describe_unread, of_value
from .tool_tasks import note_shown, studio_task
from .waiting_batch import WaitingBatch, read_waiting_batch

CONNECTION = "label_studio.json"
TASKS_AT_ONCE = 100  # in one request
ATTEMPTS = 3
LONGEST_TITLE = 50  # characters that Label Studio allows
EMPTY_CONFIG = "<View></View>"  # of a project that was made in the browser


class Connection(Row):
    """Where the batches of a run are labelled: label_studio.json in its folder.

    url (str): The address of the server.
    project (int), title (str): The number and the title of the project.
    """

    url: str
    project: int
    title: str

    @property
    def address(self) -> str:
        """The page of the project, for people."""
        return f"{self.url}/projects/{self.project}/data"


class Pushed(NamedTuple):
    """What a push has done: sentences uploaded, those of the batch, the address of the project."""

    uploaded: int
    total: int
    address: str


def read_connection(run: Path) -> Connection | None:
    """RETURNS (Connection | None): None if nothing of the run was pushed to Label Studio."""
    return read_sealed_row(run / CONNECTION, Connection, "Delete it and push again.")


def check_pushed(run: Path) -> Connection:
    """RETURNS (Connection): As `read_connection`. RAISES (DeepALError): Nothing was pushed."""
    if connection := read_connection(run):
        return connection
    raise DeepALError(
        f"Nothing of {run} was pushed to Label Studio. Name the files to pull, or push first: "
        f"`python -m spacy deepal push {run} --to label-studio --url http://localhost:8080`."
    )


def push_to_studio(
    run: Path, url: str | None = None, title: str | None = None, *, suggest: bool = True
) -> Pushed:
    """Upload what waits in a run to its project, which is created or updated. What is there already
    is not uploaded again.

    url (str | None): The address of the server. None: as at the last push.
    title (str | None): The title of the project. None: as at the last push, or made of the name of
        the run.
    suggest (bool): Upload what the model suggests, too.
    RAISES (DeepALError): Nothing waits; the server cannot be reached, or refuses something.
    """
    known = read_connection(run)
    address = url or (known and known.url)
    if not address:
        raise DeepALError("Name the server with --url, such as http://localhost:8080.")
    client = StudioClient(address)
    batch = read_waiting_batch(run, suggest=suggest)
    connection = _open_project(client, run, known, title, batch.labels)
    note_shown(run, batch, "label-studio")
    uploaded = _upload(client, connection, batch)
    return Pushed(uploaded, len(batch.sentences), connection.address)


def _open_project(
    client: StudioClient,
    run: Path,
    known: Connection | None,
    title: str | None,
    labels: tuple[str, ...],
) -> Connection:
    """Find the project of a run, or create it; give it the types; note it in the run's folder."""
    name = title or (known.title if known else f"spacy_deepal {run.resolve().name}"[:LONGEST_TITLE])
    found = None
    if known and (known.url, known.title) == (client.url, name):
        found = client.read_project(known.project)
    found = found or client.find_project(name)
    config, mark = label_config_of(labels), f"spacy_deepal run of {RunFolder(run).manifest.started}"
    if found is None:
        found = client.create_project(
            title=name, description=mark, label_config=config, show_collab_predictions=True
        )
    else:
        _check_ours(found, client.url, mark)
        if found["description"] != mark or not _has_labels(found["label_config"], labels):
            client.change_project(found["id"], description=mark, label_config=config)
    connection = Connection(url=client.url, project=found["id"], title=name)
    if connection != known:
        write_sealed_json(run / CONNECTION, connection)
    return connection


def _check_ours(project: dict[str, Any], url: str, mark: str) -> None:
    """RAISES (DeepALError): A project of the same title is for something else."""
    is_new = not project["description"] and project["label_config"] in ("", EMPTY_CONFIG)
    if not is_new and project["description"] != mark:
        raise DeepALError(
            f"{url} has a project {project['title']!r} already, which is not that of this run. "
            "Name another one with --project."
        )


def label_config_of(labels: tuple[str, ...]) -> str:
    """RETURNS (str): The labelling config of a project: entities of some types in a text."""
    shown = "".join(f"<Label value={quoteattr(label)}/>" for label in labels)
    text = '<Text name="text" value="$text"/>'
    return f'<View><Labels name="label" toName="text">{shown}</Labels>{text}</View>'


def _has_labels(config: str, labels: tuple[str, ...]) -> bool:
    """RETURNS (bool): Whether a labelling config, which people may change, has these types."""
    return all(f"value={quoteattr(label)}" in config for label in labels)


def _upload(client: StudioClient, connection: Connection, batch: WaitingBatch) -> int:
    """Upload the sentences that are not there. Where a request fails, it may have arrived: so the
    server is asked what is there before anything is sent again.

    RETURNS (int): The number of sentences that were not there.
    """
    uploaded = 0
    for attempt in range(1, ATTEMPTS + 1):
        there = {str(task["data"].get("id")) for task in _tasks(client, connection)}
        missing = [sentence for sentence in batch.sentences if sentence.id not in there]
        uploaded = max(uploaded, len(missing))
        try:
            for start in progress_bar(
                range(0, len(missing), TASKS_AT_ONCE), "upload", unit=" requests"
            ):
                part = missing[start : start + TASKS_AT_ONCE]
                client.add_tasks(connection.project, [studio_task(s, batch) for s in part])
            return uploaded
        except Unsettled:
            if attempt == ATTEMPTS:
                raise
    return uploaded


def _tasks(client: StudioClient, connection: Connection) -> list[dict[str, Any]]:
    """RAISES (DeepALError): The project was deleted."""
    tasks = client.read_tasks(connection.project)
    if tasks is None:
        raise DeepALError(
            f"The project {connection.title!r} (number {connection.project}) is no longer on "
            f"{connection.url}, or this token may not see it. Answers that were pulled are kept. "
            "Push again to create the project anew."
        )
    return tasks


def pull_from_studio(
    run: Path, asked: AskedFor | None = None, options: ReadOptions | None = None
) -> Pulled:
    """Take the answers of the run's project into the run. An answer that was changed or taken back
    on the server since the last pull is changed or taken back here, too; one whose task was
    deleted stays.

    asked (AskedFor | None): What was asked for. With None, it is read.
    options (ReadOptions | None): As for `pull_files`. None: the defaults.
    RAISES (DeepALError): Nothing was pushed; the server cannot be reached, or the project is gone.
    """
    connection = check_pushed(run)
    tasks = _tasks(StudioClient(connection.url), connection)
    asked, options = asked or AskedFor(run), options or ReadOptions()
    told, unread, others = [], [], 0
    for task in tasks:
        if str(task["data"].get("id")) not in asked.known.docs:
            others += 1
            continue
        where = f"task {task['id']}"
        try:
            told.append(of_value(asked.known, options, where, 0, task))
        except BadLine as error:
            unread.append(describe_unread(where, error))
    pulled = asked.take({connection.address: _joined(told)})
    pulled.unread, pulled.others = unread, others
    return pulled


def _joined(told: list[Told]) -> list[Told]:
    """RETURNS (list[Told]): The answers about each sentence, of all its tasks together."""
    joined: dict[str, Told] = {}
    for each in told:
        before = joined.get(each.id)
        joined[each.id] = Told(each.id, [*(before.replies if before else ()), *each.replies])
    return list(joined.values())
