"""Which files to read of OntoNotes 5, in the folders of the CoNLL-2012 shared task."""

from collections.abc import Iterable
from pathlib import Path

from ..errors import DeepALError

# How the names of files end, best first: with gold annotation, with any other, without words.
FORMS = ("gold_conll", "_conll", "_skel")
LANGUAGES = {"en": "english", "zh": "chinese", "ar": "arabic"}
ANNOTATIONS = "annotations"
BIBLE = "pt"  # the genre whose names were not annotated
TRAIN, SHARED_TASK_TEST = "train", "conll-2012-test"
DEEPEST = 4  # how far below the folder that is named a release is looked for


def is_ontonotes(file: Path) -> bool:
    """RETURNS (bool): Whether a file is one of the shared task's, by its name: x.v4_gold_conll."""
    return file.name.lower().endswith(FORMS)


def is_wanted(path: Path, lang: str | None) -> bool:
    """RETURNS (bool): Whether a file is to be read. The shared task's files in other languages and
    its Bible are not.

    path (Path): The file, relative to the input folder.
    lang (str | None): Language code. None: all languages are read.
    """
    folders = path.parent.parts
    if not is_ontonotes(path) or ANNOTATIONS not in folders:
        return True
    at = folders.index(ANNOTATIONS)
    language = folders[at - 1] if at else None
    others = {name for code, name in LANGUAGES.items() if lang not in (None, code)}
    return language not in others and folders[at + 1 : at + 2] != (BIBLE,)


def one_form_each(files: Iterable[Path]) -> list[Path]:
    """RETURNS (list[Path]): The files, with one form of each document of OntoNotes: one with gold
    annotation rather than an automatic one, and one with words rather than a skeleton. If two
    releases have the same form, the last file is kept.

    files (Iterable[Path]): Files of any format. Those of other formats are all kept.
    """
    files = list(files)
    best: dict[tuple[str, ...], Path] = {}
    for file in filter(is_ontonotes, files):
        key = _document_key(file)
        best[key] = min(file, best.get(key, file), key=_form_rank)
    return [file for file in files if not is_ontonotes(file) or best[_document_key(file)] == file]


def _form_rank(file: Path) -> int:
    return next(i for i, form in enumerate(FORMS) if file.name.lower().endswith(form))


def _document_key(file: Path) -> tuple[str, ...]:
    """RETURNS (tuple[str, ...]): What the forms of one document share: the stem of their names, and
    the folders from the language's on, which are the same in the archives of the test set and of
    its key. Without a language's folder, all their folders."""
    parts = file.resolve().parent.parts
    if ANNOTATIONS in parts[1:]:
        parts = parts[parts.index(ANNOTATIONS, 1) - 1 :]
    return (*parts, file.stem)


def split_folders(data: Path, lang: str | None = None) -> list[Path]:
    """RETURNS (list[Path]): The folders train, development and test of the shared task, in `data`
    or up to DEEPEST folders below it. They may be those of several releases, as v4 has the training
    data and v9 the test set.

    lang (str | None): Language code. None: any language.
    RAISES (DeepALError): Two releases have training data in this language, as v4 and v12 do: not
        of the same documents.
    """
    above = ("*/" * depth + "data/*" for depth in range(DEEPEST + 1))
    language = LANGUAGES.get(lang or "", "*")
    found = [
        path
        for pattern in above
        for path in data.glob(pattern)
        if any(path.glob(f"data/{language}/{ANNOTATIONS}"))
    ]
    releases = sorted({path.parent.parent for path in found if path.name == TRAIN})
    if len(releases) > 1:
        raise DeepALError(
            f"{data} holds several releases of OntoNotes, and their training data differ. Name one "
            f"of them: {' or '.join(map(str, releases))}."
        )
    return found


def is_release(data: Path, lang: str | None = None) -> bool:
    """RETURNS (bool): Whether a folder holds one release or several, in all their languages.

    lang (str | None), RAISES: As for `split_folders`.
    """
    return any(data.glob(f"*/data/*/{ANNOTATIONS}")) or bool(split_folders(data, lang))
