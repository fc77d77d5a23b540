"""Which files of a folder are data, and why the others are not read."""

import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ..errors import DeepALError
from ..files import hash_files
from ..urls import local_path
from .archives import open_sources
from .ontonotes import is_ontonotes, is_wanted, one_form_each
from .sources import Source

SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "dev": "dev",
    "devel": "dev",
    "development": "dev",
    "valid": "dev",
    "validation": "dev",
    "test": "test",
    "testa": "dev",
    "testb": "test",
}
ANNOTATION = (".ann", ".a1")  # of the text in the .txt file beside: brat's, and BioNLP's entities
SUFFIXES = (
    *(".spacy", ".jsonl", ".json", ".iob2", ".iob", ".bio", ".bioes", ".conll", ".conllu"),
    *(".conllup", ".tsv", ".csv", ".txt", *ANNOTATION),
    # As in eng.testa of CoNLL-2003, and as other sets of columns have it.
    *(".train", ".dev", ".test", ".testa", ".testb"),
)
# Files about the data, by the beginnings of their names.
ABOUT_DATA = (
    *("readme", "license", "licence", "copying", "notice", "changelog", "changes", "citation"),
    *("authors", "contributors", "contributing", "requirements", "todo", "install"),
)
# Files with what the data consist of, by the whole of their names but for the suffix.
LISTS = frozenset(
    "labels label_list label2id id2label tags tagset tag2id id2tag classes vocab vocabulary meta "
    "metadata config state dataset_info dataset_infos dataset_dict".split()
)


class Found(NamedTuple):
    """The files of some folders.

    files (list[Path]): Those to read, in order.
    beside (list[Path]): Those that are read with one of these: the texts of brat's .ann files.
    unread (dict[Path, str]): All others, with the reason.
    """

    files: list[Path]
    beside: list[Path]
    unread: dict[Path, str]

    def fingerprint(self, folder: Path | None = None) -> str:
        """RETURNS (str): A hash of what is read, without pipes. folder: As for `hash_files`."""
        return hash_files(filter(Path.is_file, [*self.files, *self.beside]), folder)


def find_files(
    inputs: Iterable[str | Path], *, exclude: Path | None = None, lang: str | None = None
) -> Found:
    """Find the files to read: the inputs, and in place of a folder the data files in it and below
    it, sorted. No file is read twice. If OntoNotes has a document in several forms, the best one is
    read.

    inputs (Iterable[str | Path]): Files and folders.
    exclude (Path | None): Files in this folder are left out if an input folder contains it. So the
        output of a run is not read by the next one.
    lang (str | None): Language code. Of the folders that OntoNotes has for each language, only this
        one's is read. None: all are read.
    RAISES (DeepALError): An input does not exist, or is a folder without a file to read.
    """
    files: dict[Path, Path] = {}
    unread: dict[Path, str] = {}
    for path in map(local_path, inputs):
        if path.is_dir():
            found, others = _files_in(path, exclude, lang)
            if not found:
                raise DeepALError(_nothing_in(path, others))
            unread |= others
        else:
            _check_readable(path)
            found = [path]
        files |= {file.resolve(): file for file in found if file.resolve() not in files}
    best = one_form_each(files.values())
    unread |= dict.fromkeys({*files.values()} - {*best}, "another form of the document is read")
    texts = {text for file in best if (text := text_beside(file))}
    beside = [file for file in best if file in texts]
    return Found([file for file in best if file not in texts], beside, unread)


def text_beside(file: Path) -> Path | None:
    """RETURNS (Path | None): The text that brat's .ann file annotates; None for other files."""
    if file.suffix.lower() not in ANNOTATION:
        return None
    return file.with_suffix(".TXT" if file.suffix.isupper() else ".txt")


def annotation_beside(text: Path) -> Path | None:
    """RETURNS (Path | None): The .ann file of a text, if it has one."""
    for suffix in ANNOTATION if text.suffix.lower() == ".txt" else ():
        file = text.with_suffix(suffix.upper() if text.suffix == ".TXT" else suffix)
        if file.is_file():
            return file
    return None


def split_named(name: str) -> str | None:
    """RETURNS (str | None): The split that the name of a file or folder says, in front or at the
    end: train.jsonl, eng.testa. None if it says none."""
    parts = name.lower().removesuffix(".gz").split(".")
    return SPLIT_NAMES.get(parts[0]) or SPLIT_NAMES.get(parts[-1])


def about_data(name: str) -> bool:
    """RETURNS (bool): Whether the name of a file says that it is about the data: LICENSE."""
    small = name.lower()
    return small.startswith(ABOUT_DATA) or small.partition(".")[0] in LISTS


def is_data(file: Path) -> bool:
    """RETURNS (bool): Whether a file in a folder is to be read, by its name."""
    name = file.name.lower().removesuffix(".gz")
    return (name.endswith((*SUFFIXES, ".zip")) and not about_data(name)) or is_ontonotes(Path(name))


def _check_readable(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise DeepALError(f"There is no file or folder {path}. Name one that is there.") from error
    except OSError as error:
        raise DeepALError(f"{path} cannot be read: {error.strerror}.") from error
    if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
        raise DeepALError(f"{path} is neither a file nor a folder nor a pipe.")


def _nothing_in(folder: Path, unread: dict[Path, str]) -> str:
    seen = "".join(f"\n{path}: {reason}" for path, reason in sorted(unread.items())[:5])
    return (
        f"The folder {folder} holds no file to read. Files with these suffixes are read: "
        f"{' '.join(SUFFIXES)}, also with .gz or in a .zip. Name files with other suffixes one by "
        f"one. From OntoNotes, only the *_conll files of that language are read.{seen}"
    )


def _files_in(
    folder: Path, exclude: Path | None, lang: str | None
) -> tuple[list[Path], dict[Path, str]]:
    """RETURNS (tuple): The files to read, and the reasons why others are not."""
    excluded = exclude and exclude.resolve()
    if excluded and folder.resolve() not in excluded.parents:
        excluded = None
    unread: dict[Path, str] = {}
    found = []
    for path in _below(folder, unread):
        if excluded and excluded in path.resolve().parents:
            continue
        if reason := _why_not(path, path.relative_to(folder), lang):
            unread[path] = reason
        else:
            found.append(path)
    return found, unread


def _below(folder: Path, unread: dict[Path, str]) -> Iterator[Path]:
    """YIELDS (Path): The files in a folder and below it, sorted. What folders are passed over goes
    into `unread`: links to folders, which may lead in a circle, and those that cannot be read."""
    try:
        entries = [(path, path.is_dir()) for path in sorted(folder.iterdir())]
    except OSError as error:
        unread[folder] = f"the folder cannot be read: {error.strerror}"
        return
    for path, is_folder in entries:
        if not is_folder:
            yield path
        elif path.is_symlink():
            unread[path] = "a link to a folder. Name the folder itself to read it"
        else:
            yield from _below(path, unread)


def _why_not(path: Path, relative: Path, lang: str | None) -> str | None:
    """RETURNS (str | None): Why a file is not read; None if it is."""
    if reason := _why_not_by_name(relative):
        return reason
    if not path.exists():
        return "a link to nothing"
    if not path.is_file():
        return "not a regular file"
    if not is_wanted(relative, lang):
        return "OntoNotes in another language, or its Bible"
    text = text_beside(path)
    if text and not text.is_file():
        return f"its text {text.name} is missing"
    if text and (read := annotation_beside(text)) and read.name != path.name:
        return f"{read.name} is read, which is of the same text"
    return None


def _why_not_by_name(relative: Path) -> str | None:
    if any(part.startswith((".", "__MACOSX")) for part in relative.parts):
        return "hidden"
    if about_data(relative.name):
        return "its name says that it is about the data"
    return None if is_data(relative) else "its suffix is none of data"


def open_all(path: Path, encoding: str = "utf-8") -> tuple[list[Source], dict[Path, str]]:
    """Open a file, or what is in an archive.

    RETURNS (list[Source], dict[Path, str]): What is to be read, and why the rest of an archive is
        not.
    RAISES (DeepALError): It cannot be read.
    """
    sources = open_sources(path, encoding)
    if path.suffix.lower() != ".zip":
        text = text_beside(path)
        beside = open_sources(text, encoding)[0] if text and text.is_file() else None
        return [replace(source, text=beside) for source in sources], {}
    by_path = {source.path: source for source in sources}
    texts = {text for member in by_path if (text := text_beside(member)) in by_path}
    found, unread = [], {}
    for member, source in by_path.items():
        reason = _why_not_by_name(member.relative_to(path))
        if reason:
            unread[member] = reason
        elif member not in texts:
            beside = by_path.get(text_beside(member) or member)
            found.append(replace(source, text=beside))
    return found, unread
