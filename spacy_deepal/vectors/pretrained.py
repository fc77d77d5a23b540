"""A pretrained encoder: a transformer that reads whole sentences and is never trained further."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from thinc.util import get_torch_default_device
from torch import Tensor

from ..errors import DeepALError
from ..extras import import_extra
from ..files import hash_files
from ..progress import progress_bar
from ..tagger.packing import bucket
from .wordpieces import WordpieceTokenizer, load_tokenizer

HUB = "hub:"  # before the name of a model that may be downloaded
NEEDED = ("config.json", "tokenizer.json")
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")  # the first kind that is there
INDEX = "*.index.json"  # which file has which weights, where there are several
SPAN = 256  # most pieces that the encoder reads at once
OVERLAP = 128  # pieces that two neighbouring spans of a long sentence share
PIECES_AT_ONCE = 4096  # pieces of a batch, padding counted
SHOWN_AFTER = 3  # seconds until a progress bar appears
LARGEST_VALUE = float(np.finfo("float16").max)


class PieceSpan(NamedTuple):
    """A part of a sentence that the encoder reads at once, in pieces of all sentences."""

    start: int
    stop: int
    first: int  # the vectors from here to `last` are taken from this span
    last: int


def find_encoder(place: str) -> Path:
    """Find the folder of an encoder.

    place (str): A folder. Or `hub:` and the name of a model on the Hugging Face hub, which is
        downloaded unless it has been downloaded before.
    RETURNS (Path): The folder that has the model's files.
    RAISES (DeepALError): There is no such folder or model, a file is missing, or the extra
        [encoder] is not installed.
    """
    is_local = not place.startswith(HUB)
    if is_local and not Path(place).is_dir():
        raise DeepALError(
            f"There is no folder {place}. As the encoder, name the folder of a pretrained model, "
            f"or one to download as {HUB}NAME."
        )
    import_extra("transformers", "encoder")
    folder = Path(place) if is_local else _download(place.removeprefix(HUB))
    folder = load_tokenizer(folder).folder
    encoder_files(folder)
    return folder


def _download(name: str) -> Path:
    hub = import_extra("huggingface_hub", "encoder")
    patterns = [*NEEDED, *WEIGHTS, INDEX]
    try:
        try:
            return Path(hub.snapshot_download(name, allow_patterns=patterns, local_files_only=True))
        except hub.errors.LocalEntryNotFoundError:
            return Path(hub.snapshot_download(name, allow_patterns=patterns))
    except (OSError, ValueError, hub.errors.HfHubHTTPError) as error:
        raise DeepALError(
            f"The model {name} cannot be downloaded: {error} Check the name and the connection, or "
            "name a local folder."
        ) from error


def encoder_files(folder: Path) -> list[Path]:
    """RETURNS (list[Path]): The files that make an encoder what it is.

    RAISES (DeepALError): One is missing.
    """
    weights = next(filter(None, (sorted(folder.glob(pattern)) for pattern in WEIGHTS)), [])
    files = [folder / name for name in NEEDED]
    if missing := [path.name for path in files if not path.is_file()]:
        raise DeepALError(f"There is no {missing[0]} in {folder}. Download the whole model.")
    if not weights:
        raise DeepALError(f"There is no file {' or '.join(WEIGHTS)} in {folder}. Download it too.")
    return [*files, *weights, *sorted(folder.glob(f"{weights[0].name[:5]}{INDEX}"))]


def find_fingerprint(folder: Path) -> str:
    """RETURNS (str): A hash of an encoder's files, which no other encoder has."""
    return hash_files(encoder_files(folder), folder)


class PretrainedEncoder:
    """A transformer and its tokenizer, ready to read sentences.

    folder (Path): As `find_encoder` returns it.
    layers (Sequence[int]): The layers whose vectors are joined. The first layer is 1; 0 is the
        input embeddings. With none, these are the layers at a third, at two thirds and at the end.
    RAISES (DeepALError): A file is damaged or of another model, a layer does not exist, or the
        extra [encoder] is not installed.
    """

    def __init__(self, folder: Path, layers: Sequence[int] = ()):
        self.tokenizer: WordpieceTokenizer = load_tokenizer(folder)
        self.device = get_torch_default_device()
        self.model = _load_model(folder).to(self.device)
        config = self.model.config
        depth = config.num_hidden_layers
        self.layers = list(layers) or sorted({max(1, round(depth * k / 3)) for k in (1, 2, 3)})
        if wrong := [layer for layer in self.layers if not 0 <= layer <= depth]:
            raise DeepALError(
                f"The encoder in {folder} has layers 0 to {depth}, but `layers` names {wrong[0]}."
            )
        framed = sum(map(len, self.tokenizer.frame))
        longest = getattr(config, "max_position_embeddings", None) or SPAN
        self.span = min(SPAN, longest - 2) - framed  # RoBERTa's positions begin at 2
        self.width = len(self.layers) * config.hidden_size
        self.padding = getattr(config, "pad_token_id", None) or 0

    @torch.inference_mode()
    def encode(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[np.float16]]:
        """Encode sentences in batches of like length.

        sentences (Sequence[Sequence[str]]): The words of each.
        RETURNS (list[array[n_words, D]]): For each word the mean of the vectors of its pieces, with
            the layers side by side. A word without a piece has the piece of unknown text. If the
            tokenizer has no such piece, the vector is zero.
        """
        pieces, owners, ends = self._cut(sentences)
        spans = [
            span
            for start, end in zip([0, *ends], ends, strict=False)
            for span in make_spans(start, end, self.span, min(OVERLAP, self.span // 2))
        ]
        words = sum(map(len, sentences))
        sums = torch.zeros(words, self.width)
        groups = list(bucket([span.stop - span.start for span in spans], PIECES_AT_ONCE))
        for group in progress_bar(groups, "encode", unit="batch", delay=SHOWN_AFTER):
            batch = [spans[i] for i in group]
            vectors = self._read([pieces[span.start : span.stop] for span in batch])
            taken = [
                (i, k)
                for i, span in enumerate(batch)
                for k in range(span.first - span.start, span.last - span.start)
            ]
            rows, columns = np.asarray(taken).T
            of_words = np.concatenate([owners[span.first : span.last] for span in batch])
            sums.index_add_(0, torch.from_numpy(of_words), vectors[rows, columns].float().cpu())
        counts = np.bincount(owners, minlength=words).clip(1)
        means = (sums / torch.from_numpy(counts).unsqueeze(1)).clamp_(-LARGEST_VALUE, LARGEST_VALUE)
        lengths = [len(sentence) for sentence in sentences]
        return np.split(means.half().numpy(), np.cumsum(lengths)[:-1]) if lengths else []

    def _cut(self, sentences: Sequence[Sequence[str]]) -> tuple[NDArray, NDArray, list[int]]:
        """RETURNS (array[n_pieces], array[n_pieces], list[int]): The pieces of all sentences, the
        word of each piece, and the piece behind each sentence."""
        distinct = {word: None for sentence in sentences for word in sentence}
        unknown = [] if self.tokenizer.unknown is None else [self.tokenizer.unknown]
        cut = self.tokenizer.cut(list(distinct))
        known = {
            word: ids if len(ids) else np.asarray(unknown, "int64")
            for word, ids in zip(distinct, cut, strict=True)
        }
        every = [known[word] for sentence in sentences for word in sentence]
        counts = np.asarray([len(ids) for ids in every], "int64")
        pieces = np.concatenate([*every, np.zeros(0, "int64")])
        behind = np.append(0, np.cumsum(counts))
        ends = behind[np.cumsum([len(sentence) for sentence in sentences], dtype="int64")]
        return pieces, np.repeat(np.arange(len(every)), counts), ends.tolist()

    def _read(self, batch: Sequence[NDArray]) -> Tensor:
        """RETURNS (Tensor[B, T, D]): The vectors of the pieces of spans, padded."""
        before, behind = self.tokenizer.frame
        length = len(before) + max(map(len, batch)) + len(behind)
        ids = np.full((len(batch), length), self.padding)
        mask = np.zeros((len(batch), length), "int64")
        for row, seen, pieces in zip(ids, mask, batch, strict=True):
            framed = [*before, *pieces, *behind]
            row[: len(framed)], seen[: len(framed)] = framed, 1
        output = self.model(
            input_ids=torch.from_numpy(ids).to(self.device),
            attention_mask=None if mask.all() else torch.from_numpy(mask).to(self.device),
            output_hidden_states=True,
        )
        states = [output.hidden_states[layer] for layer in self.layers]
        return torch.cat(states, 2)[:, len(before) :]


def make_spans(start: int, end: int, size: int, overlap: int) -> Iterator[PieceSpan]:
    """Cut a sentence of many pieces into spans. Each piece is read off the span in which it stands
    farther from the edge.

    start, end (int): The pieces of the sentence.
    YIELDS (PieceSpan): Of at most `size` pieces. Neighbours share `overlap` pieces, or more at the
        end.
    """
    first = start
    for at in range(start, max(start + 1, end - overlap), size - overlap):
        stop = min(at + size, end)
        last = end if stop == end else stop - overlap // 2
        if first < last:
            yield PieceSpan(max(start, stop - size), stop, first, last)
        first = last


def _load_model(folder: Path) -> Any:
    transformers = import_extra("transformers", "encoder")
    damaged = import_extra("safetensors", "encoder").SafetensorError
    try:
        with _quiet(transformers.utils.logging):
            model, info = transformers.AutoModel.from_pretrained(
                folder, local_files_only=True, output_loading_info=True, dtype=torch.float32
            )
    except (OSError, ValueError, KeyError, RuntimeError, damaged) as error:
        raise DeepALError(
            f"transformers {transformers.__version__} cannot load the encoder in {folder} "
            f"({error}). Update the package, or download the model again."
        ) from error
    if missing := sorted(name for name in info["missing_keys"] if not name.startswith("pooler.")):
        raise DeepALError(
            f"The weights in {folder} do not fit its config.json: {len(missing)} are missing, such "
            f"as {missing[0]}. Download the model again."
        )
    if model.config.is_encoder_decoder:
        raise DeepALError(f"{folder} holds an encoder and a decoder. Name an encoder, as BERT is.")
    return model.eval().requires_grad_(False)


@contextmanager
def _quiet(logging: Any) -> Iterator[None]:
    """Keep transformers from reporting what `_load_model` checks itself."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
