"""Any damage to a config or to the folder of a run: one error of ours, or the run is mended."""

import json
import shutil

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spacy_deepal.errors import DeepALError
from spacy_deepal.report.compare import read_comparison
from spacy_deepal.rounds.config_file import load_run_config
from spacy_deepal.rounds.run import run_loop
from spacy_deepal.rounds.run_folder import RunFolder
from spacy_deepal.rounds.settings import Settings, read_settings

from .pools import AL_CONFIG, call, options, overrides, quick, quick_config, write_pools

TEXT = AL_CONFIG.read_text(encoding="utf8")


def keys_of(section, path=""):
    """YIELDS (str): The dotted name of each key."""
    for key, value in section.items():
        yield f"{path}{key}"
        if isinstance(value, dict):
            yield from keys_of(value, f"{path}{key}.")


KEYS = sorted(key for key in keys_of(load_run_config(AL_CONFIG, {})) if "." in key)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
pieces = st.text(max_size=3) | st.sampled_from("[]${}=\n")
changes = st.lists(
    st.tuples(
        st.floats(0, 1), st.integers(0, 20), st.text(max_size=3) | st.sampled_from("[]${}=\n")
    ),
    min_size=1,
    max_size=3,
)
damages = st.tuples(
    st.floats(0, 1), st.sampled_from(["flip", "cut", "empty", "remove", "insert"]), st.floats(0, 1)
)


@pytest.fixture(scope="module", autouse=True)
def quick_commands():
    with quick():
        yield


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return write_pools(tmp_path_factory.mktemp("pools"))


@pytest.fixture(scope="module")
def config(paths):
    return quick_config(paths, rounds=1, min_updates=2, evaluations=1, passes=1)


@pytest.fixture(scope="module")
def begun(config, tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "begun"
    run_loop(config, path, keep="all")
    return path


@pytest.fixture
def here(tmp_path):
    """A folder that all examples of a test use."""
    return tmp_path / "here"


def tried(work):
    """RETURNS (tuple): What comes out, and the text of our own error; one of them is None."""
    try:
        return work(), None
    except DeepALError as error:
        return None, str(error)


# The same examples each time, so that what fails can be repeated.
ONE_FOLDER = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)


@settings(ONE_FOLDER, max_examples=150)
@given(changes=changes)
def test_any_text_of_a_config_is_read_or_refused(changes, here):
    text = TEXT
    for at, gone, piece in changes:
        place = int(at * len(text))
        text = text[:place] + piece + text[place + gone :]
    here.write_bytes(text.encode("utf-8", "surrogatepass"))
    found, refusal = tried(lambda: read_settings(load_run_config(here, {})))
    assert refusal or isinstance(found, Settings)


@settings(ONE_FOLDER, max_examples=150)
@given(key=st.sampled_from(KEYS), value=values)
def test_any_value_of_a_setting_is_taken_or_refused(key, value, paths):
    given = {f"paths.{name}": str(path) for name, path in paths.items()}
    config = {**given, key: value}
    found, refusal = tried(lambda: read_settings(load_run_config(AL_CONFIG, config).interpolate()))
    assert refusal or isinstance(found, Settings)


def damage(folder, which, how, where):
    """Damage a file: which of them, and where in it, as shares."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    file = files[int(which * (len(files) - 1))]
    content = bytearray(file.read_bytes())
    place = int(where * max(len(content) - 1, 0))
    if how == "flip" and content:
        content[place] ^= 1 << int(where * 1e6) % 8
    elif how == "insert":
        content[place:place] = b'"0'
    elif how == "remove":
        file.unlink()
        return
    file.write_bytes(content[:place] if how == "cut" else b"" if how == "empty" else content)


@settings(ONE_FOLDER, max_examples=40)
@given(given=damages)
def test_a_damaged_run_is_read_or_refused(given, begun, here):
    shutil.rmtree(here, ignore_errors=True)
    shutil.copytree(begun, here)
    damage(here, *given)
    found, refusal = tried(lambda: read_comparison([here]))
    assert refusal or [run.folder.path for run in found.runs] == [here]


@pytest.mark.slow
@settings(ONE_FOLDER, max_examples=100)
@given(given=damages)
def test_the_report_of_a_damaged_run_is_written_or_refused(given, begun, here):
    shutil.rmtree(here, ignore_errors=True)
    shutil.copytree(begun, here)
    damage(here, *given)
    status, output = call("report", here, "--output", here / "report.html")
    assert status in (0, 1), output


@pytest.mark.slow
@settings(ONE_FOLDER, max_examples=100)
@given(given=damages)
def test_any_damage_to_a_run_is_mended_or_named(given, begun, config, here):
    shutil.rmtree(here, ignore_errors=True)
    shutil.copytree(begun, here)
    damage(here, *given)
    end, refusal = tried(lambda: run_loop(config, here, tell=lambda text: None))
    assert refusal or (end, len(RunFolder(here).metrics)) == ("Rounds done: 1.", 2)


@pytest.mark.slow
@settings(ONE_FOLDER, max_examples=60)  # most of them train a run
@given(key=st.sampled_from(KEYS), value=values)
def test_a_run_with_any_value_of_a_setting_runs_or_is_refused(key, value, paths, here):
    shutil.rmtree(here, ignore_errors=True)
    given = overrides(paths, rounds=1, min_updates=1, evaluations=1, passes=1)
    arguments = options({**given, key: value if isinstance(value, str) else json.dumps(value)})
    status, output = call("run", AL_CONFIG, here, *arguments)
    assert status in (0, 1, 2), output
