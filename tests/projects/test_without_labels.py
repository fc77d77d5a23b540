"""without_labels.py measures a pipeline of other types, and when curves pass it."""

import pytest
import spacy
import typer

from spacy_deepal.files import write_jsonl

from ..pools import read_jsonl
from ..report.build import make_row


def write_data(folder, person="PER"):
    """Three splits of two sentences with three entities."""
    folder.mkdir()
    lines = f"Ada\tB-{person}\nsaw\tO\nRome\tB-LOC\n\nBob\tB-{person}\nleft\tO\n\n"
    for split in ("train", "dev", "test"):
        (folder / f"{split}.iob2").write_text(lines, encoding="utf8")
    return folder


def save_pipeline(folder):
    """Finds Ada, and takes `left` for a place. Its numbers have no name in the data."""
    nlp = spacy.blank("en")
    patterns = {"PERSON": "Ada", "GPE": "left", "CARDINAL": "saw"}
    nlp.add_pipe("entity_ruler").add_patterns(
        [{"label": label, "pattern": word} for label, word in patterns.items()]
    )
    nlp.meta |= {"name": "ruler", "version": "1.2"}
    nlp.to_disk(folder)
    return str(folder)


def test_types_are_translated_and_the_curves_that_pass_are_named(script, tmp_path, capsys):
    data, pipeline = write_data(tmp_path / "tiny"), save_pipeline(tmp_path / "ruler")
    curves, output = tmp_path / "curves.jsonl", tmp_path / "without.jsonl"
    made = {"MNLP": (0.1, 0.39, 0.5), "RAND": (0.1, 0.2, 0.4)}
    lines = [
        {"data": "tiny", "acquisition": name, "seed": 0} | make_row(number, 10.0 * number, f)
        for name, curve in made.items()
        for number, f in enumerate(curve)
    ]
    write_jsonl(curves, lines)
    for _ in range(2):
        script("without_labels").main(
            pipeline, data, tmp_path / "runs", curves=[curves], output=output
        )
        text = capsys.readouterr().out
    (line,) = read_jsonl(output)
    assert (line["data"], line["pipeline"]) == ("tiny", "en_ruler 1.2")
    assert [line[f"ents_{x}"] for x in "prf"] == pytest.approx([1 / 2, 1 / 3, 2 / 5])
    assert line["dev_ents_f"] == line["ents_f"]
    assert "en_ruler 1.2 has 40.0 F1 on tiny." in text
    assert f"| {curves} | RAND | not at all | at most 40.0 |" in text
    assert f"| {curves} | MNLP | 20% (200 words) | 50.0 |" in text


def test_data_of_which_no_type_is_known_is_an_error(script, tmp_path, capsys):
    data = write_data(tmp_path / "tiny", "Disease")
    for file in data.iterdir():
        file.write_text(file.read_text().replace("LOC", "Chemical"))
    with pytest.raises(typer.Exit):
        script("without_labels").main(
            save_pipeline(tmp_path / "ruler"), data, tmp_path / "runs", curves=[], output=None
        )
    assert "None of the types of the data (Chemical, Disease)" in " ".join(
        capsys.readouterr().out.split()
    )
