"""The tokenizer of a local transformer, which cuts words into wordpieces."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DeepALError
from ..extras import import_extra

WORDS_AT_ONCE = 10_000
BOUNDARY = "▁"  # the piece that only says that a word begins, in SentencePiece and tokenizers


@dataclass(frozen=True)
class WordpieceTokenizer:
    """A tokenizer and the folder of the transformer that it belongs to.

    unknown (int | None): The id of the piece for text that the tokenizer does not know.
    boundary (int | None): The id of the piece that only says that a word begins.
    prefix (str): What precedes a word in a sentence and is part of its first piece.
    frame (tuple[list[int], list[int]]): The ids of the pieces before and behind a sentence.
    """

    tokenizer: Any
    folder: Path
    unknown: int | None
    boundary: int | None
    prefix: str
    frame: tuple[list[int], list[int]]

    def cut(self, words: Sequence[str]) -> Iterator[NDArray[np.int64]]:
        """Cut words into pieces.

        YIELDS (array[n_pieces]): The ids of the pieces of a word that the tokenizer knows. There
            are none if it knows only that a word begins.
        """
        stream = iter(words)
        while chunk := [self.prefix + word for word in islice(stream, WORDS_AT_ONCE)]:
            for encoding in self.tokenizer.encode_batch(chunk, add_special_tokens=False):
                known = [i for i in encoding.ids if i != self.unknown]
                yield np.asarray(known if {*known} - {self.boundary} else [], "int64")

    def check_size(self, largest: int, embeddings: int) -> None:
        """Check that the model has an embedding for each piece.

        largest (int): The largest id of a piece.
        embeddings (int): How many embeddings the model has.
        RAISES (DeepALError): It has too few.
        """
        if largest >= embeddings:
            raise DeepALError(
                f"{self.folder}: the tokenizer has a piece {largest}, but the model has only "
                f"{embeddings} embeddings. They belong to different models: download both again."
            )


def load_tokenizer(folder: Path) -> WordpieceTokenizer:
    """Load the tokenizer of a transformer, or of the first module of a sentence-transformer.

    RAISES (DeepALError): There is no tokenizer, it cannot be read, or the extra [vectors] is not
        installed.
    """
    places = [folder, *sorted(folder.glob("0_*"))]
    place = next((place for place in places if (place / "tokenizer.json").is_file()), None)
    if place is None:
        raise DeepALError(
            f"There is no tokenizer.json in {folder}. Name the local folder of a transformer. Load "
            "and save an older kind of tokenizer once with transformers' AutoTokenizer."
        )
    settings = _read_settings(place / "tokenizer.json")
    tokenizer = _build(settings, place / "tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    model, before = settings["model"], settings.get("pre_tokenizer") or {}
    steps = before.get("pretokenizers", [before])
    spaced = any(s["type"] == "ByteLevel" and not s["add_prefix_space"] for s in steps if s)
    unknown = model.get("unk_token")
    return WordpieceTokenizer(
        tokenizer,
        place,
        unknown=model.get("unk_id") if unknown is None else tokenizer.token_to_id(unknown),
        boundary=tokenizer.token_to_id(BOUNDARY),
        prefix=" " if spaced else "",
        frame=_find_frame(tokenizer),
    )


def _find_frame(tokenizer: Any) -> tuple[list[int], list[int]]:
    """RETURNS (tuple[list[int], list[int]]): What the tokenizer puts around a sentence."""
    framed = tokenizer.encode("a")
    inner = [i for i, special in enumerate(framed.special_tokens_mask) if not special]
    if not inner:  # it does not know the letter
        return framed.ids[:1], framed.ids[1:]
    return framed.ids[: inner[0]], framed.ids[inner[-1] + 1 :]


def _build(settings: dict[str, Any], file: Path) -> Any:
    tokenizers = import_extra("tokenizers", "vectors")
    try:
        tokenizer = tokenizers.Tokenizer.from_str(json.dumps(settings))
        tokenizer.encode("\ufffe")  # unknown text: a WordPiece model may lack its piece for that
        return tokenizer
    except Exception as error:
        if type(error) is not Exception:  # the package raises the base class itself
            raise
        raise DeepALError(
            f"{file} describes a tokenizer that tokenizers {tokenizers.__version__} cannot build "
            f"({error}). Update the package, or download the file again."
        ) from error


def _read_settings(file: Path) -> dict[str, Any]:
    try:
        settings = json.loads(file.read_text(encoding="utf8"))
    except ValueError as error:
        raise DeepALError(f"{file} is not JSON: {error}. Download it again.") from error
    if not isinstance(settings, dict) or not isinstance(settings.get("model"), dict):
        raise DeepALError(f"{file} does not describe a tokenizer. Download it again.")
    return settings
