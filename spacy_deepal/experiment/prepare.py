"""From a folder of data to the three pools of an experiment: train, dev and test."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

from spacy.tokens import Doc

from ..arguments import takes_types
from ..corpus.folders import find_files, is_data, split_named
from ..corpus.ontonotes import SHARED_TASK_TEST, split_folders
from ..corpus.reading import ReadOptions
from ..errors import DeepALError, plural
from ..files import check_output, draft_beside, finish_replacement, replace_together
from ..pipelines import blank_pipeline
from ..pool.convert import convert
from ..pool.shards import check_pool_folder, read_shards, write_shards
from ..pool.shared_texts import find_shared, texts_of
from ..pool.summary import ConvertSummary
from ..sentences import count_words, sentence_id, sentence_info, without_white_space
from ..urls import local_path

SHARES = {"train": 0.70, "dev": 0.15, "test": 0.15}
MEASURES = (("dev", "test"), ("train", "dev"), ("train", "test"))  # the second measures the first


@takes_types
def prepare(
    data: str | Path,
    output: str | Path,
    *,
    lang: str = "en",
    exclude: Path | None = None,
    options: ReadOptions = ReadOptions(),  # noqa: B008 (it is frozen)
    encoding: str = "utf-8",
    apart: bool = False,
) -> dict[str, ConvertSummary]:
    """Make the pools `output`/train, `output`/dev and `output`/test: all three, or none. If
    an earlier call was killed while it put them in place, that is finished first.

    Files or folders called train, dev and test are converted as they are, if the folder has them or
    if it is OntoNotes as the CoNLL-2012 shared task publishes it. A file name that several of these
    folders share is the genre of those sentences whose source names none.

    Otherwise the files are split by document: 70, 15 and 15 percent of the words of each genre, the
    same way each time. A document is never in two splits.

    data (str | Path): The folder.
    output (str | Path): The folder of the three pools.
    lang (str): Language code of the tokenizer.
    exclude (Path | None): A folder inside the data that is not part of them. With None, the output.
    options, encoding: As for `convert`.
    apart (bool): Leave out of train the sentences whose text is in dev or test, and out of dev
        those whose text is in test. With False, they are kept. The summaries say how many there
        are either way.
    RETURNS (dict): A summary for each split. What is not of one split is in that of train: the
        files, and what was left out of them.
    RAISES (DeepALError): As `convert`; if only some of the splits are there, or those of several
        releases of OntoNotes; if there are too few documents to split.
    """
    data, output = local_path(data), local_path(output)
    _check_places(data, output)
    finish_replacement(output)
    for split in SHARES:
        check_pool_folder(output / split)
    given = _given_splits(data, lang)
    for split, paths in given.items():
        check_output(output / split, *paths, inside=True)

    def pool(inputs: Iterable[Path], folder: Path, names: Collection[str] = ()) -> ConvertSummary:
        return convert(
            inputs, folder, options=options, lang=lang, encoding=encoding, genre_files=names
        )

    with draft_beside(output) as draft:
        if given:
            shared = _shared_names(given, lang)
            summaries = {
                split: pool(paths, draft / split, shared) for split, paths in given.items()
            }
        else:
            found = find_files([data], exclude=exclude or output, lang=lang)
            with draft_beside(draft) as whole:
                read = pool(found.files, whole / "all")
                read.unread |= found.unread
                summaries = _split_by_document(whole / "all", draft, lang, read)
        _note_shared(draft, summaries, given, apart)
        output.mkdir(exist_ok=True)
        replace_together(draft, output)
    return summaries


def _check_places(data: Path, output: Path) -> None:
    """RAISES (DeepALError): The data are not in a folder, or cannot stay where they are."""
    if not data.is_dir():
        raise DeepALError(f"There is no folder {data}. Name the folder of the data.")
    check_output(output, data, inside=True, around=True)
    for split in SHARES:
        check_output(output / split, data, inside=True)
    if output.exists() and not output.is_dir():
        raise DeepALError(f"{output} is a file. Name a folder to write the pools to.")


def _given_splits(data: Path, lang: str) -> dict[str, list[Path]]:
    """RETURNS (dict): The files and folders of each split; empty if the data are not split."""
    given = _named_splits(data.iterdir()) or _named_splits(split_folders(data, lang))
    missing = [split for split in SHARES if split not in given]
    if given and missing:
        raise DeepALError(
            f"{data} holds {' and '.join(sorted(given))} but no {' and no '.join(missing)}. "
            "Add what is missing. Or rename the files; then they are split by document."
        )
    return {split: given[split] for split in SHARES} if given else {}


def _named_splits(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """RETURNS (dict): The files and folders of each split, by their names. Of the two forms of the
    OntoNotes test set, the one of the shared task is taken."""
    named: dict[str, list[Path]] = {}
    paths = sorted(paths)
    for path in paths:
        split = split_named(path.name)
        if split and (path.is_dir() or is_data(path)):
            named.setdefault(split, []).append(path)
    if official := [path for path in paths if path.name == SHARED_TASK_TEST]:
        named["test"] = official
    return named


def _shared_names(given: dict[str, list[Path]], lang: str) -> set[str]:
    """RETURNS (set[str]): The names, without suffix, of files that are in the folders of several
    splits: they cannot be names of documents. Shards have such names too, but without a meaning."""
    names: Counter[str] = Counter()
    for paths in given.values():
        files = find_files([path for path in paths if path.is_dir()], lang=lang).files
        names.update({file.stem for file in files if file.suffix.lower() != ".spacy"})
    return {name for name, splits in names.items() if splits > 1}


def _note_shared(
    folder: Path,
    summaries: dict[str, ConvertSummary],
    given: dict[str, list[Path]],
    apart: bool,
) -> None:
    """Note which sentences have a text that is in a set to measure on; or leave them out."""
    names = {split: " and ".join(map(str, given.get(split, [split]))) for split in SHARES}
    read = cache(lambda other: texts_of([folder / other]))  # each once: dev when it is final
    for split, other in MEASURES:
        texts, pool, summary = read(other), folder / split, summaries[split]
        if not (shared := find_shared(read_shards(pool, None), texts)):
            continue
        summary.shared.append(shared.describe(names[split], names[other]))
        if not apart:
            continue
        left = (d for d in read_shards(pool, None) if without_white_space(d.text) not in texts)
        counted = ConvertSummary()
        write_shards(counted.count(left), pool)
        if not counted.sentences:
            raise DeepALError(
                f"Every sentence of {names[split]} is in {names[other]} too, so none is left apart "
                "from it. Name other data."
            )
        summaries[split] = summary.recounted(counted)


def _split_by_document(
    pool: Path, folder: Path, lang: str, read: ConvertSummary
) -> dict[str, ConvertSummary]:
    """RETURNS (dict): A summary for each split. That of train has what `read` says, too."""
    vocab = blank_pipeline(lang).vocab
    splits = assign_documents(read_shards(pool, vocab))
    missing = [split for split in SHARES if split not in splits.values()]
    if missing:
        raise DeepALError(
            f"{plural(len(splits), 'document')} cannot be split into train, dev and test. Add "
            "documents: at least 3 are needed."
        )
    summaries = {}
    for split in SHARES:
        summaries[split] = ConvertSummary()
        docs = (doc for doc in read_shards(pool, vocab) if splits[document(doc)] == split)
        write_shards(summaries[split].count(docs), folder / split)
    return summaries | {"train": read.recounted(summaries["train"])}


def document(doc: Doc) -> str:
    """RETURNS (str): The document of a sentence; the sentence itself if that is not known."""
    return sentence_info(doc)["doc_id"] or sentence_id(doc)


def assign_documents(docs: Iterable[Doc]) -> dict[str, str]:
    """Assign whole documents to splits. Within each genre, documents are ordered by a hash of their
    ids; each goes to the split that has the least of its share so far.

    RETURNS (dict): The split of each document.
    """
    words: Counter[str] = Counter()
    genres: dict[str, str | None] = {}
    for doc in docs:
        words[document(doc)] += count_words(doc)
        genres.setdefault(document(doc), sentence_info(doc)["genre"])
    filled: dict[str | None, Counter[str]] = defaultdict(Counter)
    splits = {}
    for name in sorted(words, key=_shuffled):
        has = filled[genres[name]]
        splits[name] = min(SHARES, key=lambda split: has[split] / SHARES[split])
        has[splits[name]] += words[name]
    return splits


def _shuffled(name: str) -> tuple[bytes, str]:
    return hashlib.blake2b(f"0\0{name}".encode()).digest(), name
