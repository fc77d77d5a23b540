"""README and docs: every code block runs, or says in its title why it does not."""

import json
import re
import shlex
import shutil
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest
import spacy
import srsly
import typer
from spacy.cli._util import app as spacy_app
from spacy.util import load_config, load_model_from_config, registry
from thinc.api import Config

from spacy_deepal.cli import app
from spacy_deepal.files import write_jsonl
from spacy_deepal.rounds.config_file import load_run_config
from spacy_deepal.rounds.settings import read_annotation_settings

from .pools import AL_CONFIG, call_spacy

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "README.md", *DOCS)}
BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"\n]*)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NOT_RUN = "Not run by the tests: "
# What CI runs: see the test of the first two commands.
INSTALL = "pip install -r requirements.txt -e . && python -m spacy project run al-loop"
TESTS = "python -m pytest"
# Which blocks of a page are not run. A block that is to join them has to be counted here.
MARKED = {
    "README.md": {
        "another test builds the site": 1,
        "downloads an encoder": 1,
        "it serves a page until you end it": 1,
    },
    "docs/index.md": {"CI installs the package": 1, "tests/test_project.py runs it": 1},
    "docs/annotation.md": {
        "it serves a page until you end it": 6,
        "needs the run": 3,
        "needs spacy-llm and an API key": 1,
    },
    "docs/howto/experiments.md": {"needs wandb": 1},
    "docs/howto/annotation.md": {
        "needs a Label Studio server": 2,
        "needs a run that waits": 4,
        "needs labelled.jsonl, and people": 1,
        "needs Prodigy": 1,
    },
    "docs/howto/formats.md": {"needs Chinese data": 1, "needs jieba": 1},
    "docs/howto/large_pools.md": {
        "needs a bucket": 1,
        "needs several machines": 1,
        "takes hours": 1,
    },
    "docs/howto/pipelines.md": {
        "needs a pipeline with a trained tagger": 1,
        "needs a run": 1,
        "needs a trained pipeline": 2,
        "needs spacy-transformers and a downloaded model": 1,
    },
    "docs/howto/encoders.md": {
        "downloads an encoder": 1,
        "it serves a page until you end it": 1,
        "needs a downloaded encoder": 3,
        "needs a trained pipeline": 2,
    },
    "docs/howto/vectors.md": {
        "downloads a table of sentence pieces": 1,
        "needs a downloaded transformer": 1,
        "needs a downloaded word-vector file": 1,
    },
    "docs/results.md": {
        "needs downloaded data": 1,
        "needs downloaded data and a pipeline": 1,
        "needs downloaded data and an encoder": 1,
        "needs downloaded data and many hours": 3,
    },
    "docs/results_small.md": {"needs downloaded data and many hours": 1},
    "docs/benchmarks.md": {
        "needs a GPU and a transformer": 1,
        "needs downloaded data": 1,
        "needs downloaded data and a transformer": 4,
        "takes minutes": 1,
    },
    "docs/reproducibility.md": {
        "takes hours and needs downloaded data": 1,
        "needs OntoNotes 5 and a GPU": 1,
    },
}
SHORT_ROUNDS = ["--active_learning.min_updates", "5", "--active_learning.passes", "1"]
QUICK = {
    "train": ["--training.max_epochs", "2"],
    "run": [*SHORT_ROUNDS, "--active_learning.rounds", "1"],
    "experiment": SHORT_ROUNDS,
    "project": ["--vars.rounds", "1", "--vars.config", "configs/quick.cfg"],
}
NAMES = "Ada Bob Cem Dee Eva Fay Gil Hal Ida Jon".split()
PLACES = "Rome Oslo Lima Bern Kyiv Bonn Nice Cork".split()


class Block(NamedTuple):
    """A block of code: its language, its title and its text, which may be that of a file."""

    language: str
    title: str
    text: str

    @property
    def runs(self) -> bool:
        return not (self.title.startswith(NOT_RUN) or self.text.startswith("--8<--"))

    @property
    def commands(self) -> list[str]:
        """The command lines of a bash block."""
        return self.text.replace("\\\n", " ").strip().splitlines()

    @property
    def file(self) -> str | None:
        """The file that the block is: its first line may name it in a comment."""
        match = re.match(r"# ([\w.]+\.py)\n", self.text)
        return match[1] if match else None


def blocks(page: str, *languages: str) -> list[Block]:
    found = [Block(*match) for match in BLOCK.findall(PAGES[page].read_text(encoding="utf8"))]
    return [block for block in found if not languages or block.language in languages]


def deepal_commands(page: str) -> list[list[str]]:
    """The commands of this package on a page, split into words, behind `spacy deepal`."""
    commands = [line for block in blocks(page, "bash") for line in block.commands]
    beginning = "python -m spacy deepal "
    return [shlex.split(c[len(beginning) :]) for c in commands if c.startswith(beginning)]


def records(count, *, labelled=True):
    """Sentences as JSONL records, with the labels that the pages name."""
    for number in range(count):
        name, place = NAMES[number % len(NAMES)], PLACES[number % len(PLACES)]
        text = f"On day {number} {name} went from home to {place} by train."
        spans = [(text.index(name), name, "PERSON"), (text.index(place), place, "GPE")]
        entities = [{"start": s, "end": s + len(t), "label": label} for s, t, label in spans]
        yield {"text": text, "spans": entities} if labelled else {"text": text}


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """Where a reader of the pages sits: in a checkout, with files of their own."""
    for name in ("configs", "assets"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "project.yml", tmp_path)
    short = {
        "training.max_steps": 20,
        "active_learning.min_updates": 5,
        "active_learning.passes": 1,
    }
    load_config(AL_CONFIG, short, interpolate=False).to_disk(tmp_path / "configs" / "quick.cfg")
    write_jsonl(tmp_path / "train.jsonl", records(40))
    write_jsonl(tmp_path / "held_out.jsonl", records(30))
    texts = "\n".join(record["text"] for record in records(200))
    (tmp_path / "articles.txt").write_text(texts, encoding="utf8")
    (tmp_path / "my_data").mkdir()
    for split in ("train", "dev", "test"):
        write_jsonl(tmp_path / "my_data" / f"{split}.jsonl", records(60))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_command(command: str) -> None:
    """Run one line of a page, made quick, as often as it asks for labels."""
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "spacy"], f"{command}: mark it, or let the test run it"
    name = words[4] if words[3] == "deepal" else words[3]
    for _ in range(3):
        status, output = call_spacy(*words[3:], *QUICK.get(name, []))
        if "wait to be labelled" not in output:
            break
        label_batch(Path(re.search(r"\S+/to_label\.jsonl", output)[0]))
    assert status == 0, f"{command}\n{output}"


def label_batch(path: Path) -> None:
    """Label what waits, as a person does who knows the places and people of the texts."""
    gold = {record["text"]: record["spans"] for record in records(200)}
    rows = [{**row, "spans": gold[row["text"]]} for row in read_rows(path)]
    path.with_name("labelled.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf8")


def read_rows(path):
    return [json.loads(line) for line in Path(path).read_text(encoding="utf8").splitlines()]


def with_parents(text: str) -> str:
    """A part of a config with the sections that it stands in, so that it can be read alone."""
    names = re.findall(r"^\[([\w.]+)\]$", text, re.MULTILINE)
    parts = [name.split(".") for name in names]
    parents = {".".join(part[:end]) for part in parts for end in range(1, len(part))}
    return "".join(f"[{name}]\n" for name in sorted(parents - set(names))) + text


def make_pipeline(text: str):
    """RETURNS (Language): That of the loop's config with a part of a page in it."""
    config = load_config(AL_CONFIG, interpolate=False)
    config = config.merge(Config().from_str(with_parents(text), interpolate=False))
    del config["active_learning"]
    return load_model_from_config(config, auto_fill=True)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)])
def test_every_block_of_a_page_runs(page, reader):
    names = {"__name__": page}
    for block in filter(lambda block: block.runs, blocks(page)):
        if block.language == "bash":
            for command in block.commands:
                if command not in (INSTALL, TESTS):
                    run_command(command)
        elif block.language == "python":
            if block.file:
                (reader / block.file).write_text(block.text, encoding="utf8")
            exec(compile(block.text, page, "exec"), names)
        elif block.language == "ini" and "[active_learning." in block.text:
            registry.resolve(Config().from_str(with_parents(block.text))["active_learning"])
        elif block.language == "ini" and "[annotation." in block.text:
            assert read_annotation_settings(Config().from_str(with_parents(block.text))).suggest
        elif block.language == "ini":
            make_pipeline(block.text)


def test_blocks_that_are_not_run_say_why_and_are_counted():
    marked: dict[str, Counter] = {}
    for page in PAGES:
        for block in blocks(page):
            if block.title.startswith(NOT_RUN):
                marked.setdefault(page, Counter())[block.title.removeprefix(NOT_RUN)] += 1
    assert marked == MARKED


def test_every_block_is_of_a_kind_that_the_tests_know():
    for page, path in PAGES.items():
        fences = path.read_text(encoding="utf8").count("\n```")
        assert fences == 2 * len(blocks(page)), page
        for block in blocks(page):
            assert block.language in ("bash", "python", "ini", "json", "text"), (page, block)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "json")])
def test_json_blocks_can_be_read(page):
    for block in blocks(page, "json"):
        for line in block.text.splitlines():
            record = json.loads(line)
            for span in record.get("spans", []) if "text" in record else []:
                assert record["text"][span["start"] : span["end"]].isalpha()


def test_python_blocks_of_the_readme_run():
    names: dict = {}
    for block in blocks("README.md", "python"):
        exec(compile(block.text, "README.md", "exec"), names)
    assert names["nlp"].pipe_names == ["deepal_ner"]
    assert callable(spacy.registry.acquisition.get("longest.v1")())


def test_a_tok2vec_listener_of_the_docs_listens():
    of_pipelines = blocks("docs/howto/pipelines.md", "ini")
    block = next(block for block in of_pipelines if "Tok2VecListener" in block.text)
    nlp = make_pipeline(block.text)
    assert nlp.pipe_names == ["tok2vec", "ner"]
    assert nlp.get_pipe("tok2vec").listening_components == ["ner"]


@pytest.mark.parametrize(
    ("page", "section", "key"),
    [
        ("docs/howto/experiments.md", "active_learning.logger", "logger"),
        ("docs/howto/experiments.md", "annotation.suggest", "suggest"),
        ("docs/annotation.md", "annotation.suggest", "suggest"),
    ],
)
def test_a_section_of_the_docs_takes_the_place_of_a_line_of_the_config(
    page, section, key, tmp_path
):
    """As the page says. With the line, the config has both and cannot be read."""
    found = [b for b in blocks(page, "ini") if b.runs and b.text.startswith(f"[{section}]")]
    lines = AL_CONFIG.read_text(encoding="utf8").splitlines()
    assert f"the line `{key} = null`" in " ".join(PAGES[page].read_text(encoding="utf8").split())
    lines.remove(f"{key} = null")
    file = tmp_path / "al.cfg"
    file.write_text("\n".join(lines) + f"\n\n{found[0].text}", encoding="utf8")
    config = load_run_config(file, {}).interpolate()
    parent, name = section.split(".")
    assert any(reference.startswith("@") for reference in config[parent][name])


@pytest.mark.parametrize("page", [page for page in PAGES if deepal_commands(page)])
def test_commands_and_their_options_exist(page):
    known = typer.main.get_command(spacy_app).commands["deepal"].commands
    for name, *words in deepal_commands(page):
        options = {option for param in known[name].params for option in param.opts}
        used = {word.split("=")[0] for word in words if word.startswith("--")}
        assert {option for option in used if "." not in option} <= options, name


def test_project_variables_that_the_pages_name_are_known():
    projects = (ROOT / "project.yml", ROOT / "projects" / "paper" / "project.yml")
    known = {name for path in projects for name in srsly.read_yaml(path)["vars"]}
    for path in PAGES.values():
        assert set(re.findall(r"--vars\.(\w+)", path.read_text(encoding="utf8"))) <= known, path


def test_every_command_is_in_the_list_of_commands():
    text = PAGES["docs/api/commands.md"].read_text(encoding="utf8")
    listed = re.findall(r"^\| `([a-z-]+)` \|", text.split("## Formats")[0], re.MULTILINE)
    assert sorted(listed) == sorted(command.name for command in app.registered_commands)


def test_the_first_two_commands_are_those_that_ci_runs():
    commands = [line for block in blocks("README.md", "bash") for line in block.commands]
    assert commands[:2] == [INSTALL, TESTS]
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf8")
    for beginning in ("pip install", "python -m pytest"):
        assert f"readme_command '{beginning}'" in ci


def test_files_that_the_readme_links_to_are_there():
    text = PAGES["README.md"].read_text(encoding="utf8")
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / path).exists(), path
    assert len(text.splitlines()) < 150


def test_the_site_builds_without_a_warning(tmp_path, monkeypatch):
    pytest.importorskip("mkdocs", reason="the extra docs is not installed")
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    monkeypatch.chdir(ROOT)  # the snippets and the package are found from there
    build(load_config("mkdocs.yml", strict=True, site_dir=str(tmp_path / "site")))
    assert (tmp_path / "site" / "api" / "tagger.html").exists()
