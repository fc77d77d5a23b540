"""`spacy deepal label` given again: a run that has begun, or could not begin."""

import os

import pytest
import spacy
from filelock import FileLock

from spacy_deepal.errors import DeepALError
from spacy_deepal.labelling.divide import divide_text
from spacy_deepal.labelling.labelling_folder import LabellingFolder, Status
from spacy_deepal.pool.pool import Pool
from spacy_deepal.pool.shards import read_shards

from ..pools import call


def test_a_later_call_adds_types_and_changes_what_may_change(served, text, tmp_path):
    run, names = tmp_path / "run", tmp_path / "names.txt"
    names.write_text("Ada\n")
    call("label", run, "--pool", text, "--labels", "PER")
    more = ["--labels", "PER,ORG", "--dev-words", 70, "--double", 0.2, "--terms", f"ORG={names}"]
    assert call("label", run, *more)[0] == 0
    assert LabellingFolder(run).annotations.labels == ["PER", "ORG"]
    job = LabellingFolder(run).read_job()
    assert (job.dev_words, job.double, job.terms) == (70, 0.2, {"ORG": str(names)})


def test_other_data_need_another_folder(served, text, tmp_path):
    run, other = tmp_path / "run", tmp_path / "other.txt"
    other.write_text("Bob saw Oslo.\n")
    call("label", run, "--pool", text, "--labels", "PER")
    code, out = call("label", run, "--pool", other)
    assert code == 1
    assert "was begun with other data" in out
    assert LabellingFolder(run).read_job().inputs == [str(text)]


def test_a_changed_job_is_not_believed(served, text, tmp_path):
    run = tmp_path / "run"
    call("label", run, "--pool", text, "--labels", "PER")
    (file,) = run.rglob("job.json")
    file.write_text(file.read_text().replace('"lang": "en"', '"lang": "em"'))
    code, out = call("label", run)
    assert (code, len(served)) == (1, 1)
    assert "was changed after it was written. Restore the file" in " ".join(out.split())


def read_text(run):
    """What the background process does first."""
    folder = LabellingFolder(run)
    divide_text(folder, folder.read_job(), 0)


def test_a_run_goes_on_from_another_folder_and_without_its_text(
    served, text, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "names.txt").write_text("Ada\n")
    begun = ["--pool", "articles.txt", "--labels", "PER", "--terms", "PER=names.txt"]
    assert call("label", "run", *begun)[0] == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert call("label", "../run")[0] == 0  # the text has not been read yet
    assert call("label", "../run", "--pool", text)[0] == 0
    read_text(tmp_path / "run")
    text.rename(tmp_path / "elsewhere" / "renamed.txt")
    assert call("label", "../run")[0] == 0
    assert call("label", "../run", "--pool", "renamed.txt")[0] == 0  # it holds the same
    (tmp_path / "run").rename(tmp_path / "moved")
    assert call("label", "../moved")[0] == 0


def test_text_that_is_still_to_be_read_has_to_be_there(served, text, tmp_path):
    call("label", tmp_path / "run", "--pool", text, "--labels", "PER")
    text.unlink()
    code, out = call("label", tmp_path / "run")
    assert code == 1
    assert f"no file or folder {text}" in out.replace("\n", "")


def test_a_text_that_has_changed_is_told(served, text, tmp_path):
    run = tmp_path / "run"
    call("label", run, "--pool", text, "--labels", "PER")
    read_text(run)
    later = text.stat().st_mtime + 100
    os.utime(text, (later, later))
    assert "has changed" not in call("label", run)[1]
    text.write_text("Bob saw Oslo.\n")
    os.utime(text, (later, later))
    code, out = call("label", run)
    assert code == 0
    assert "has changed. This run keeps the text" in " ".join(out.split())


def test_a_sample_that_is_too_small_is_told(served, text, tmp_path):
    run = tmp_path / "run"
    call("label", run, "--pool", text, "--labels", "PER", "--dev-words", 2)
    read_text(run)
    there = Pool(LabellingFolder(run).reserve("dev")).words
    assert "fewer than" not in call("label", run, "--dev-words", there)[1]
    code, out = call("label", run, "--dev-words", there + 7)
    assert code == 0
    assert f"sample for dev has {there} words, 7 fewer" in " ".join(out.split())
    assert "fewer than" not in call("label", run)[1]


def test_options_that_do_not_count_any_more_are_errors(served, text, tmp_path):
    run, own = tmp_path / "run", tmp_path / "own.cfg"
    call("init-config", own)
    begun = ["--pool", text, "--labels", "PER", "--seed-words", 5, "--config", own]
    assert call("label", run, *begun)[0] == 0
    assert call("label", run, *begun)[0] == 0  # the same command goes on
    before = LabellingFolder(run).config_file.read_text()
    own.write_text(own.read_text() + "# edited\n")
    late = ["--lang", "zh", "--seed-words", 6, "--encoder", "/no/such", "--suggest", "X"]
    late += ["--format", "text", "--encoding", "latin-1", "--config", own]
    code, out = call("label", run, *late)
    assert (code, len(served)) == (1, 2)
    out = " ".join(out.split())
    file = LabellingFolder(run).config_file
    for line in (
        "- --lang zh: it was en. Use another folder",
        f"- --seed-words 6: it was 5. Edit {file}.",
        "- --encoder /no/such: it was not given. Use another folder",
        f"- --suggest X: it was not given. Edit {file}.",
        "- --format text: it was not given. Use another folder",
        "- --encoding latin-1: it was not given. Use another folder",
        "- --config own.cfg (",
    ):
        assert line in out
    assert LabellingFolder(run).config_file.read_text() == before


def test_an_encoder_that_has_moved_is_named_in_the_config(served, text, tmp_path, monkeypatch):
    monkeypatch.setattr("spacy_deepal.labelling.begin.find_encoder", str)
    run = tmp_path / "run"
    call("label", run, "--pool", text, "--labels", "PER", "--encoder", "hub:people/model")
    _, out = call("label", run, "--encoder", "hub:people/other")
    file = LabellingFolder(run).config_file
    moved = f"- --encoder hub:people/other: it was hub:people/model. Edit {file}."
    assert moved in " ".join(out.split())


def test_text_that_can_be_read_in_two_ways_is_told_with_an_option_of_the_command(served, tmp_path):
    run, text = tmp_path / "run", tmp_path / "notes.txt"
    text.write_text("See [the docs](x) of Ada.\nIt rained [twice](y) in Rome.\n")
    code, out = call("label", run, "--pool", text, "--labels", "PER")
    assert (code, served) == (1, [])
    assert "--format text" in out
    assert not run.exists()
    assert call("label", run, "--pool", text, "--labels", "PER", "--format", "text")[0] == 0
    read_text(run)
    words = {token.text for doc in read_pool(run) for token in doc}
    assert "[" in words


def test_text_has_an_encoding_and_columns_too(served, tmp_path):
    run, text = tmp_path / "run", tmp_path / "rows.conll"
    text.write_bytes("Zoë X O\nslept X O\n\nIt X O\nrained X O\n".encode("latin-1"))
    options = ["--encoding", "latin-1", "--columns", "word,_,ner", "--dev-words", 1]
    assert call("label", run, "--pool", text, "--labels", "PER", *options)[0] == 0
    read_text(run)
    reserve = LabellingFolder(run).reserve("dev")
    vocab = spacy.blank("en").vocab
    docs = [*read_pool(run), *read_shards(reserve, vocab)]
    assert {doc.text.strip() for doc in docs} == {"Zoë slept", "It rained"}


def read_pool(run):
    return list(read_shards(LabellingFolder(run).pool, spacy.blank("en").vocab))


def test_a_first_try_that_fails_leaves_no_folder(text, tmp_path, monkeypatch):
    """Until somebody has labelled something. Also if it fails while the page is open."""
    run = tmp_path / "run"
    begun = ["label", run, "--pool", text, "--labels", "PER"]

    def stop(run, **options):
        raise DeepALError("the port is taken")

    def fail(run, **options):
        folder = LabellingFolder(run)
        folder.write_status(Status(step="Stopped", error="line 9,999 is wrong"))

    for serve, message in ((stop, "the port is taken"), (fail, "line 9,999 is wrong")):
        monkeypatch.setattr("spacy_deepal.labelling.serve.serve", serve)
        code, out = call(*begun)
        assert code == 1
        assert message in out
        assert not run.exists()
    monkeypatch.setattr("spacy_deepal.labelling.serve.serve", lambda run, **options: None)
    assert call(*begun)[0] == 0
    monkeypatch.setattr("spacy_deepal.labelling.serve.serve", stop)
    assert call("label", run)[0] == 1
    assert LabellingFolder(run).begun


def test_a_test_set_is_asked_for_when_the_text_is_read_or_never(served, text, tmp_path):
    """Without sentences for it, the run would wait for a test set for ever."""
    run = tmp_path / "run"
    call("label", run, "--pool", text, "--labels", "PER")
    assert call("label", run, "--test-words", 40)[0] == 0  # the text has not been read yet
    call("label", run, "--test-words", 0)
    folder = LabellingFolder(run)
    divide_text(folder, folder.read_job(), 0)
    code, out = call("label", run, "--test-words", 50)
    assert code == 1
    assert "was begun without a test set" in " ".join(out.split())
    assert folder.read_job().test_words == 0


def test_a_run_whose_page_is_open_in_another_process_stays_as_it_is(served, text, tmp_path):
    run = tmp_path / "run"
    call("label", run, "--pool", text, "--labels", "PER")
    with FileLock(run / "labelling" / ".lock"):
        code, out = call("label", run, "--labels", "ORG")
    assert code == 1
    assert "is being labelled already" in " ".join(out.split())
    assert LabellingFolder(run).annotations.labels == ["PER"]


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_text_is_told_without_advice_about_bad_lines(served, tmp_path, content):
    run, text = tmp_path / "run", tmp_path / "empty.txt"
    text.write_text(content)
    assert call("label", run, "--pool", text, "--labels", "PER")[0] == 0
    with pytest.raises(DeepALError, match="There is no sentence to write") as told:
        read_text(run)
    assert f"{text}: it has no sentence" in str(told.value)
    assert "--skip-bad" not in str(told.value)
