"""The bad inputs: which command is given what."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from spacy_deepal.corpus.docbin import doc_bin

from ..pools import make_docs
from .commands import COMMANDS
from .contents import BRAT, COLUMNS, DAMAGE, JSON, LISTS, PAIRS, RECORDS, TEXTS, WHOLE, dump

SHARD = doc_bin(list(make_docs(20, 1))).to_bytes()  # of a pool
Files = dict[str, str | bytes]


@dataclass(frozen=True)
class BadInput:
    """A command that must fail.

    name (str): What is wrong.
    command (list[str]): The arguments.
    files (dict): Files to write first, by name.
    place (str): The file, line, option or setting that the error must name.
    """

    name: str
    command: list[str]
    place: str
    files: Files = field(default_factory=dict)


def convert(name: str, file: str, content: str | bytes, *options: str, line: int = 0) -> BadInput:
    """RETURNS (BadInput): A file that `convert` refuses. line (int): The line that it must name."""
    place = f"{file}:{line}" if line else file
    return BadInput(f"convert: {name}", ["convert", file, "out", *options], place, {file: content})


def split(given: str) -> tuple[str, str]:
    suffix, content = given.split("|", 1)
    return suffix if suffix[0] != "." else f"in{suffix}", content


def of_formats() -> Iterator[BadInput]:
    for format, (suffix, content) in WHOLE.items():
        for damage, (change, more) in DAMAGE.items():
            file = f"in{suffix}{more}"
            yield convert(f"{format}: {damage}", file, change(content))
            if damage in ("a wrong byte", "a NUL", "not packed"):
                files = {f"data/{name}{suffix}": content for name in ("dev", "test")}
                train = f"data/train{suffix}{more}"
                yield BadInput(
                    f"prepare: {format}: {damage}",
                    ["prepare", "data", "out"],
                    train,
                    {train: change(content), **files},
                )
        other = "conllu" if format != "conllu" else "brat"
        yield convert(f"{format}: read as {other}", f"in{suffix}", content, "--format", other)


def of_records() -> Iterator[BadInput]:
    good = dump({"text": "Bo Ek came"})
    for name, record in RECORDS.items():
        yield convert(f"jsonl: {name}", "in.jsonl", f"{good}\n{dump(record)}\n", line=2)
        listed = f"[{good},\n{dump(record)}]"
        yield convert(f"json: {name}", "in.json", listed, line=2)
    for name, pair in PAIRS.items():
        yield convert(f"jsonl: {name}", "in.jsonl", "\n".join(map(dump, pair)), line=2)
    for name, text in JSON.items():
        yield convert(f"jsonl: {name}", "in.jsonl", f"{good}\n{text}\n", line=2)
    for name, text in LISTS.items():
        yield convert(f"json: {name}", "in.json", text, line=1)


def of_texts() -> Iterator[BadInput]:
    for name, given in COLUMNS.items():
        yield convert(f"columns: {name}", *split(given))
    for name, given in TEXTS.items():
        yield convert(f"text: {name}", *split(given))
    for name, content in BRAT.items():
        files = {"data/a.txt": "Mia Ota left Porto", "data/a.ann": content}
        yield BadInput(f"convert: brat: {name}", ["convert", "data", "out"], "a.ann:1", files)


OPTIONS = {
    "an unknown format": ("--format conll2004", "conll2004"),
    "columns without words": ("--columns ner,_", "--columns ner,_"),
    "columns of other names": ("--columns token,tag", "--columns token,tag"),
    "columns twice": ("--columns word,word,ner", "--columns word,word,ner"),
    "too many columns": ("--columns word,_,_,ner", "--columns"),
    "a comma too many": ("--columns word,,ner", "word,,ner"),
    "an unknown scheme": ("--scheme iob3", "--scheme"),
    "another scheme": ("--scheme bioes", "in.iob2:3"),
    "an unknown unit of offsets": ("--offsets words", "--offsets"),
    "an unknown border": ("--border cut", "--border"),
    "unknown ids": ("--ids none", "--ids"),
    "unknown tokens": ("--tokens none", "--tokens"),
    "an unknown language": ("--lang qq", "qq"),
    "an unknown encoding": ("--encoding utf-9", "utf-9"),
    "an encoding of no files": ("--encoding idna", "idna"),
    "another encoding": ("--encoding utf-16", "in.iob2"),
    "an unknown tokenizer": ("--tokenizer no_such_pipeline", "no_such_pipeline"),
    "no sentences in a shard": ("--sentences-per-shard 0", "--sentences-per-shard"),
    "too many in a shard": ("--sentences-per-shard 99999999999", "--sentences-per-shard"),
    "an unknown option": ("--nope 1", "--nope"),
}
# Settings of the config, each with values that it must not have.
SETTINGS = {
    "active_learning.acquisition": ["null", "7", '{"@acquisition":"nope.v1"}'],
    "active_learning.acquisition.@acquisition": ["nope.v1", "null"],
    "active_learning.oracle": ["null", '{"@misc":"spacy.LowerCase.v1"}'],
    "active_learning.oracle.@misc": ["nope.v1"],
    "active_learning.rounds": ["-1", "1.5", '"two"', "null"],
    "active_learning.seed_words": ["0", "-5", "NaN", '"many"'],
    "active_learning.budget_words": ["0", "1e99", "[]"],
    "active_learning.passes": ["0", "-1", '"all"'],
    "active_learning.min_updates": ["-1", "0.5"],
    "active_learning.nope": ["1"],
    "nlp.lang": ["qq", "5", "null"],
    "nlp.pipeline": ["[]", '["tagger"]', '"ner"'],
    "nlp.batch_size": ["-1", '"big"'],
    "components.ner.factory": ["nope"],
    "components.ner.beam_width": ["0", '"wide"'],
    "components.ner.batch_words": ["0"],
    "components.ner.nope": ["1"],
    "components.ner.model.@architectures": ["nope.v1"],
    "components.ner.model.embed.char_width": ["0", "-1", '"x"'],
    "components.ner.model.embed.char_kernel": ["2", "0"],
    "components.ner.model.embed.word_drop": ["2", "NaN"],
    "components.ner.model.embed.word_init": ["ones"],
    "components.ner.model.embed.attrs": ['["NOPE"]', '"NORM"'],
    "components.ner.model.embed.attr_rows": ["[1]", "[0,0,0,0,0,0,0,0,0,0]"],
    "components.ner.model.encode.layers": ["0", "1.5"],
    "components.ner.model.encode.dropout": ["1", "-0.1"],
    "components.ner.model.decode.width": ["0", '"x"'],
    "components.ner.model.decode.nope": ["1"],
    "training.dropout": ["7", "-1", '"x"'],
    "training.optimizer.learn_rate": ["NaN", "Infinity", '"x"'],
    "training.optimizer": ["null", "3"],
    "training.optimizer.@optimizers": ["null"],
    "training.batcher": ["null", "3"],
    "training.nope": ["1"],
    "corpora.train": ["3", "null"],
    "corpora.dev.@readers": ["nope.v1"],
    "system.seed": ["-1", '"x"'],
    "paths.pool": ["null", "nowhere", "configs.txt", "empty"],
    "paths.dev": ["null", "nowhere", "raw"],
    "paths.test": ["null", "nowhere", "raw"],
    "paths.vectors": ["nowhere", "pool"],
    "paths.encoder": ["nowhere"],
}
# Changes of the config's text, and what the error must name.
CONFIGS = {
    "a section twice": ("[nlp]", "[paths]\n[nlp]", "paths"),
    "an open section": ("[nlp]", "[nlp", "line "),
    "a key twice": ("seed = 0", "seed = 0\nseed = 1", "seed"),
    "no value": ("seed = 0", "seed", "seed"),
    "not JSON": ("seed = 0", "seed = {", "seed"),
    "an unknown variable": ("seed = 0", "seed = ${nope.x}", "nope.x"),
    "a variable without an end": ("seed = 0", "seed = ${system.x", "line "),
    "no [nlp]": ("[nlp]", "[nope]", "nlp"),
    "no section at first": ("[paths]", "x = 1\n[paths]", "line "),
}


def of_run() -> Iterator[BadInput]:
    for name, (options, place) in OPTIONS.items():
        file, content = "in.iob2", WHOLE["iob2"][1]
        command = ["convert", file, "out", *options.split()]
        yield BadInput(f"convert: option: {name}", command, place, {file: content})
    for key, values in SETTINGS.items():
        for value in values:
            command = ["run", "AL", "out", "DATA", f"--{key}", value]
            names_value = value[0].islower() and value != "null"
            place = value if names_value else key.split(".")[-1]
            yield BadInput(f"run: {key} = {value}", command, place)
    for name, (old, new, place) in CONFIGS.items():
        yield BadInput(
            f"run: config: {name}",
            ["run", "bad.cfg", "out", "DATA"],
            place,
            {"bad.cfg": f"{old}|{new}"},
        )
    latin = {"bad.cfg": b"# \xfc\n"}
    yield BadInput("run: config: in Latin-1", ["run", "bad.cfg", "out"], "bad.cfg, line 1", latin)
    yield BadInput("run: config: empty", ["run", "bad.cfg", "out"], "bad.cfg", {"bad.cfg": b""})
    yield BadInput("run: no config", ["run", "none.cfg", "out"], "none.cfg")
    yield BadInput("run: a folder as config", ["run", "pool", "out"], "pool")
    yield BadInput("run: a file in the way", ["run", "AL", "file", "DATA"], "file", {"file": "x"})
    yield BadInput(
        "run: code that is not there", ["run", "AL", "out", "DATA", "-c", "no.py"], "no.py"
    )
    yield BadInput("run: no such GPU", ["run", "AL", "out", "DATA", "-g", "7"], "gpu")


def flipped(content: bytes, seed: int) -> bytes:
    """RETURNS (bytes): The content with some bytes changed."""
    draw, changed = random.Random(seed), bytearray(content)
    for _ in range(8):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


# Data that only other commands have the options to read.
TWO_WAYS = "1\tMia\tB-PER\tO\n2\tOta\tI-PER\tB-LOC\n\n"
LATIN = "Mïa\tB-PER\nleft\tO\n\n".encode("latin-1")


def of_data() -> Iterator[BadInput]:
    """YIELDS (BadInput): Data that need other options, or those of another command."""
    for command in ("experiment", "train"):
        for name, content in {"two layers": TWO_WAYS, "Latin-1": LATIN}.items():
            files: Files = {f"data/{split}.tsv": content for split in ("train", "dev", "test")}
            given = [command, "AL", "data", "out"]
            yield BadInput(f"{command}: {name}", given, "`spacy deepal prepare`", files)
    options = ("--columns", "word,ner", "--scheme", "io")
    yield convert("columns: marks in types", "in.conll", "Mia B_PER\nOta I_PER\n", *options)


def of_commands() -> Iterator[BadInput]:
    for name, (command, place) in COMMANDS.items():
        yield BadInput(name, command.split(" "), place)


def of_spacy_files() -> Iterator[BadInput]:
    """YIELDS (BadInput): A shard with changed bytes, cut, or of other content."""
    for seed in range(20):
        yield convert(f"spacy: bytes changed, {seed}", "in.spacy", flipped(SHARD, seed))
    for share in (0.1, 0.5, 0.9):
        cut = SHARD[: int(len(SHARD) * share)]
        yield convert(f"spacy: cut at {share}", "in.spacy", cut)
    for name, other in {
        "empty": b"",
        "text": b"Mia left.",
        "gzip": DAMAGE["packed and cut"][0]("x"),
    }.items():
        yield convert(f"spacy: {name}", "in.spacy", other)


def all_of_them() -> list[BadInput]:
    """RETURNS (list[BadInput]): Those of all kinds."""
    kinds = (of_formats, of_records, of_texts, of_run, of_data, of_commands, of_spacy_files)
    return [bad for kind in kinds for bad in kind()]
