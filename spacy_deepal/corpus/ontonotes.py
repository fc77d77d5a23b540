"""The folders of OntoNotes 5 as the CoNLL-2012 shared task publishes them: which files to read."""

from collections.abc import Iterable
from pathlib import Path

# What a file's name ends with, best first: gold annotation, any other, and without words.
FORMS = ("gold_conll", "_conll", "_skel")
LANGUAGES = {"en": "english", "zh": "chinese", "ar": "arabic"}
ANNOTATIONS = "annotations"
BIBLE = "pt"  # the genre; it was not annotated with names
SHARED_TASK_TEST = "conll-2012-test"


def is_ontonotes(file: Path) -> bool:
    """Whether a file's name is one of the shared task's, for example x.v4_gold_conll."""
    return file.name.lower().endswith(FORMS)


def is_wanted(path: Path, lang: str | None) -> bool:
    """Whether a file below a folder is to be read. Of the shared task's files those of other
    languages are not, nor is the Bible.

    path (Path): The file, relative to the folder.
    lang (str | None): Language code; None: all languages.
    """
    folders = path.parent.parts
    if not is_ontonotes(path) or ANNOTATIONS not in folders:
        return True
    at = folders.index(ANNOTATIONS)
    language = folders[at - 1] if at else None
    others = {name for code, name in LANGUAGES.items() if lang not in (None, code)}
    return language not in others and folders[at + 1 : at + 2] != (BIBLE,)


def one_form_each(files: Iterable[Path]) -> list[Path]:
    """The files without those that are another form of the same document: beside gold annotation
    the automatic one is left out, and beside files with words their skeletons. Of two releases'
    files of one form the last is kept.

    files (Iterable[Path]): Files, also of other formats, which are all kept.
    """
    files = list(files)
    best: dict[tuple[str, ...], Path] = {}
    for file in files:
        if is_ontonotes(file):
            best[_key(file)] = min(file, best.get(_key(file), file), key=_rank)
    return [file for file in files if not is_ontonotes(file) or best[_key(file)] == file]


def _rank(file: Path) -> int:
    return next(i for i, form in enumerate(FORMS) if file.name.lower().endswith(form))


def _key(file: Path) -> tuple[str, ...]:
    """What the forms of one document share: their path from the language's folder on (it is the
    same in the archives of the test set and of its key), or else their own folder; and the stem."""
    parts = file.resolve().parent.parts
    if ANNOTATIONS in parts[1:]:
        parts = parts[parts.index(ANNOTATIONS, 1) - 1 :]
    return (*parts, file.stem)


def split_folders(data: Path) -> list[Path]:
    """What is in the folders below which the shared task has train, development and test: `data`
    of one release, `v*/data` (v4, v9 and so on) of several."""
    found = (path for folders in ("data/*", "v*/data/*") for path in data.glob(folders))
    return [path for path in found if any(path.glob(f"data/*/{ANNOTATIONS}"))]


def is_release(data: Path) -> bool:
    """Whether a folder is a release, or several: there the languages have the same folders."""
    return any(data.glob(f"*/data/*/{ANNOTATIONS}")) or bool(split_folders(data))
