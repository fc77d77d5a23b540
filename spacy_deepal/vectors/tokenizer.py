"""The tokenizer of a local transformer: words to the pieces that it knows."""

import importlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DeepALError

WORDS_AT_ONCE = 10_000


def import_extra(package: str, extra: str = "vectors") -> ModuleType:
    """Import a package that only an extra of this one needs.

    RAISES (DeepALError): It is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise DeepALError(
            f"The package {package} is missing ({error}). Install it: "
            f'pip install "spacy_deepal[{extra}]"'
        ) from error


@dataclass(frozen=True)
class PieceTokenizer:
    """A tokenizer and the folder of the transformer that it belongs to.

    unknown (int | None): Id of the piece that stands for what the tokenizer does not know.
    boundary (int | None): Id of the piece that says no more than that a word begins.
    prefix (str): What comes before a word in a sentence and is part of its first piece.
    """

    tokenizer: Any
    folder: Path
    unknown: int | None
    boundary: int | None
    prefix: str

    def cut(self, words: Sequence[str], *, special: bool) -> Iterator[tuple[list[int], NDArray]]:
        """Cut words to pieces.

        special (bool): Put the special pieces of a sentence, such as [CLS], around each word.
        YIELDS (tuple[list[int], array[n_pieces]]): Ids of a word's pieces; and which of them are
            pieces of the word itself that the tokenizer knows: none where it knows only that a word
            begins.
        """
        unknown, boundary = (-1 if i is None else i for i in (self.unknown, self.boundary))
        stream = iter(words)
        while chunk := [self.prefix + word for word in islice(stream, WORDS_AT_ONCE)]:
            for encoding in self.tokenizer.encode_batch(chunk, add_special_tokens=special):
                ids = np.asarray(encoding.ids, "int64")
                special_pieces = np.asarray(encoding.special_tokens_mask, "int64")
                known = (special_pieces == 0) & (ids != unknown)
                yield encoding.ids, known & (ids[known] != boundary).any()

    def check_size(self, largest: int, embeddings: int) -> None:
        """Raise a DeepALError where the model has no embedding for the largest id of a piece."""
        if largest >= embeddings:
            raise DeepALError(
                f"{self.folder}: the tokenizer has a piece {largest}, the model only {embeddings} "
                "embeddings: they are not of the same model. Download both again."
            )


def load_tokenizer(folder: Path) -> PieceTokenizer:
    """Load the tokenizer of a transformer, or of a sentence-transformer's first module.

    RAISES (DeepALError): There is none, or it cannot be read; the extra is not installed.
    """
    places = [folder, *sorted(folder.glob("0_*"))]
    place = next((place for place in places if (place / "tokenizer.json").is_file()), None)
    if place is None:
        raise DeepALError(
            f"There is no tokenizer.json in {folder}. Name the local folder of a transformer; one "
            "of an old kind gets the file when transformers' AutoTokenizer loads and saves it."
        )
    settings = _read_settings(place / "tokenizer.json")
    tokenizer = _build(settings, place / "tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    model, before = settings["model"], settings.get("pre_tokenizer") or {}
    steps = before.get("pretokenizers", [before])
    spaced = any(s["type"] == "ByteLevel" and not s["add_prefix_space"] for s in steps if s)
    unknown = model.get("unk_token")
    return PieceTokenizer(
        tokenizer,
        place,
        unknown=model.get("unk_id") if unknown is None else tokenizer.token_to_id(unknown),
        boundary=tokenizer.token_to_id("▁"),
        prefix=" " if spaced else "",
    )


def _build(settings: dict[str, Any], file: Path) -> Any:
    tokenizers = import_extra("tokenizers")
    try:
        tokenizer = tokenizers.Tokenizer.from_str(json.dumps(settings))
        tokenizer.encode("\ufffe")  # what it does not know: a WordPiece may lack its piece for that
        return tokenizer
    except Exception as error:
        if type(error) is not Exception:  # the package raises the base class itself
            raise
        raise DeepALError(
            f"{file} describes no tokenizer that tokenizers {tokenizers.__version__} can build "
            f"({error}). Update the package, or download the file again."
        ) from error


def _read_settings(file: Path) -> dict[str, Any]:
    try:
        settings = json.loads(file.read_text(encoding="utf8"))
    except ValueError as error:
        raise DeepALError(f"{file} is no JSON: {error}. Download it again.") from error
    if not isinstance(settings, dict) or not isinstance(settings.get("model"), dict):
        raise DeepALError(f"{file} describes no tokenizer. Download it again.")
    return settings
