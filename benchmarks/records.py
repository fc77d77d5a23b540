"""What the benchmarks record: files with a line of JSON for each result, which only grow."""

import hashlib
import json
from pathlib import Path
from typing import Any

from thinc.api import Config

from spacy_deepal.errors import DeepALError
from spacy_deepal.experiment.simulation import SPLITS
from spacy_deepal.pool.shards import fingerprint
from spacy_deepal.report.files import read_jsonl
from spacy_deepal.rounds.settings import ENDS, SECTION


def matching(path: Path, key: dict[str, Any]) -> list[dict[str, Any]]:
    """RETURNS (list[dict]): The lines that have these values; of a missing file none.

    RAISES (DeepALError): For a line that is not JSON.
    """
    return [line for _, line in read_jsonl(path) if key.items() <= line.items()]


def made_of(config: Config, folder: Path, lang: str) -> str:
    """RETURNS (str): A hash of the data and the config, but for its seed, function, ends and paths:
    of what all runs of a set have in common.

    config (Config): The user's, as it was loaded.
    folder (Path): What `prepare_corpus` made.
    """
    config = config.copy()
    # How many are predicted at once changes nothing: what the first records were made with.
    config["nlp"] |= {"lang": lang, "batch_size": 512}
    config["paths"] = {"vectors": config["paths"].get("vectors")}
    for section in ("system", "training", SECTION):
        config.get(section, {}).pop("seed", None)
    for key in ("acquisition", *ENDS):
        config.get(SECTION, {}).pop(key, None)
    parts = [config.to_str(interpolate=False)]
    parts += [fingerprint(folder / "corpus" / split) for split in SPLITS]
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def check_made_of(path: Path, key: dict[str, Any]) -> None:
    """Make sure that what is recorded of a set is of the same making.

    key (dict): The values `data` and `made_of` of the lines to come.
    RAISES (DeepALError): The file has lines of other data of this name, or of another config.
    """
    if any(line.get("made_of") != key["made_of"] for line in matching(path, {"data": key["data"]})):
        raise DeepALError(
            f"{path} holds lines of {key['data']} that were made of other data or with another "
            "config. Give another file as --output."
        )


def append(path: Path, line: dict[str, Any]) -> None:
    """Append a line in one write: processes that do so at the same time do not mix theirs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab", buffering=0) as stream:
        stream.write(json.dumps(line, ensure_ascii=False).encode("utf8") + b"\n")
