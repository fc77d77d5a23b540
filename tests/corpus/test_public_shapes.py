"""The shapes of public data sets and of tools' exports: each is read, or one error says what to do.

No content is of the sets themselves.
"""

import bz2
import gzip
import json
import zipfile

import pytest

from spacy_deepal.corpus.folders import open_all
from spacy_deepal.corpus.formats import find_reading
from spacy_deepal.corpus.reading import BadLine, ReadOptions
from spacy_deepal.errors import DeepALError
from spacy_deepal.pool.convert import convert

from .build import EN, entities, read, words, write

TEXT = "Mia left Porto"
MIA, PORTO = ("Mia", "PER"), ("Porto", "LOC")
SPAN = {"start": 0, "end": 3, "label": "PER"}


def lines(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def task(**result):
    value = {"start": 0, "end": 3, "text": "Mia"}
    label = {"type": "labels", "value": {**value, "labels": ["PER"]}}
    return json.dumps([{"data": {"text": TEXT}, "annotations": [{"result": [label | result]}]}])


# name, content, options, the first sentence's words (a list, if they have spaces), all entities
READ = {
    "JNLPBA's documents": (
        "a.iob2",
        "###MEDLINE:95\n\nMia\tB-PER\nleft\tO\n\n",
        {},
        "Mia left",
        [MIA],
    ),
    "comments of ;;": ("a.conll", ";; doc 1\nMia B-PER\nleft O\n\n", {}, "Mia left", [MIA]),
    "comments of %": ("a.conll", "% doc 1\nMia B-PER\nleft O\n\n", {}, "Mia left", [MIA]),
    "a hashtag is a word": ("a.tsv", "#\tO\nMia\tB-PER\n#x\tO\n\n", {}, "# Mia #x", [MIA]),
    "WikiANN": ("a.txt", "en:Mia\tB-PER\nen::\tO\n\nen:Porto\tB-LOC\n", {}, "Mia :", [MIA, PORTO]),
    "the word behind its offsets": (
        "a.tsv",
        "0\t3\tMia\tB-PER\n4\t8\tleft\tO\n\n",
        {},
        "Mia left",
        [MIA],
    ),
    "MIT's tags first": ("a.bio", "B-PER\tMia\nO\tleft\n\nO\tbest\n", {}, "Mia left", [MIA]),
    "a column of sentences": (
        "a.tsv",
        "1\tMia\tB-PER\n1\tleft\tO\n2\tPorto\tB-LOC\n",
        {"columns": ("sentence", "word", "ner")},
        "Mia left",
        [MIA, PORTO],
    ),
    "GMB's table": (
        "a.csv",
        'Sentence #,Word,POS,Tag\nSentence: 1,Mia,NNP,B-PER\n,",",",",O\nS 2,Porto,NNP,B-LOC\n',
        {},
        "Mia ,",
        [MIA, PORTO],
    ),
    "Excel's table": (
        "a.csv",
        "\ufeffWord;Tag\r\nMia;B-PER\r\n;\r\nPorto;B-LOC\r\n",
        {},
        "Mia",
        [MIA, PORTO],
    ),
    "a table in German": (
        "a.csv",
        "Satz;Wort;Tag\n1;Mia;B-PER\n1;ging;O\n2;Porto;B-LOC\n",
        {"columns": ("sentence", "word", "ner")},
        "Mia ging",
        [MIA, PORTO],
    ),
    "a table without names": (
        "a.csv",
        "Mia,NNP,B-PER\nleft,VBD,O\n\nPorto,NNP,B-LOC\n",
        {},
        "Mia left",
        [MIA, PORTO],
    ),
    "bars between cells": (
        "a.txt",
        "Mia|B-PER\nleft|O\n\nPorto|B-LOC\n",
        {},
        "Mia left",
        [MIA, PORTO],
    ),
    "spaCy's Doc.to_json": (
        "a.json",
        json.dumps(
            [
                {
                    "text": TEXT,
                    "ents": [SPAN],
                    "tokens": [{"id": 0, "start": 0, "end": 3}, {"id": 1, "start": 4, "end": 14}],
                }
            ]
        ),
        {},
        ["Mia", "left Porto"],
        [MIA],
    ),
    "spaCy 2 in Python": (
        "a.py",
        'import spacy\n\nTRAIN_DATA = [\n    ("Mia left", {"entities": [(0, 3, "PER")]}),\n]\n',
        {},
        "Mia left",
        [MIA],
    ),
    "spaCy 2 in Python, as text": (
        "a.txt",
        "[('Mia left', {'entities': [(0, 3, 'PER')]})]",
        {},
        "Mia left",
        [MIA],
    ),
    "Azure's lengths": (
        "a.jsonl",
        lines({"text": TEXT, "entities": [{"category": "PER", "offset": 0, "length": 3}]}),
        {},
        TEXT,
        [MIA],
    ),
    "Hugging Face's pipelines": (
        "a.jsonl",
        lines(
            {
                "text": TEXT,
                "entities": [{"entity_group": "PER", "start": 0, "end": 3, "word": "mia"}],
            }
        ),
        {},
        TEXT,
        [MIA],
    ),
    "DataTurks": (
        "a.json",
        lines(
            {
                "content": TEXT,
                "annotation": [
                    {"label": ["PER"], "points": [{"start": 0, "end": 2, "text": "Mia"}]},
                    {"label": ["LOC"], "points": [{"start": 9, "end": 13, "text": "Porto"}]},
                ],
                "extras": None,
            }
        ),
        {},
        TEXT,
        [MIA, PORTO],
    ),
    "BigBio": (
        "a.jsonl",
        lines(
            {
                "id": "1",
                "document_id": "d",
                "passages": [
                    {"id": "p", "type": "title", "text": ["Hi"], "offsets": [[0, 2]]},
                    {"id": "q", "type": "abstract", "text": [TEXT], "offsets": [[3, 17]]},
                ],
                "entities": [
                    {"id": "e", "type": "PER", "text": ["Mia"], "offsets": [[3, 6]]},
                    {"id": "f", "type": "LOC", "text": ["Porto"], "offsets": [[12, 17]]},
                ],
                "events": [],
            }
        ),
        {},
        ["Hi", "\n", *TEXT.split()],
        [MIA, PORTO],
    ),
    "spaCy 2's lists in a list": (
        "a.json",
        json.dumps([[[TEXT, {"entities": [[0, 3, "PER"]]}], [TEXT, {"entities": []}]]]),
        {},
        TEXT,
        [MIA],
    ),
    "Dataturks' key": ("a.jsonl", lines({"content": TEXT, "spans": [SPAN]}), {}, TEXT, [MIA]),
    "another key of the text": (
        "a.jsonl",
        lines({"title": "x", "fields": {"body": TEXT}, "spans": [SPAN]}),
        {"text_key": "fields.body"},
        TEXT,
        [MIA],
    ),
    "Label Studio's pages": (
        "a.json",
        task(
            type="hypertextlabels",
            value={
                "start": 0,
                "end": 1,
                "hypertextlabels": ["PER"],
                "globalOffsets": {"start": 0, "end": 3},
            },
        ),
        {},
        TEXT,
        [MIA],
    ),
    "the class of a text is passed over": (
        "a.jsonl",
        lines({"text": TEXT, "label": "good"}),
        {"spans_key": "none"},
        TEXT,
        [],
    ),
}


@pytest.mark.parametrize("kind", READ)
def test_it_is_read(kind, tmp_path):
    name, content, options, first, found = READ[kind]
    items = read(tmp_path, "auto", content, name=name, **options)
    assert not [item for item in items if isinstance(item, BadLine)]
    assert words(items[0]) == (first if isinstance(first, list) else first.split())
    assert [entity for item in items for entity in entities(item)] == found


# name, content, what the error says
REFUSED = {
    "types alone": ("a.txt", "Mia\tperson-actor\nleft\tO\n", "--scheme io"),
    "types alone after a space": (
        "a.txt",
        "Mia PER\nleft O\n",
        "2 columns, and 'O' in the last one",
    ),
    "prefixes alone": ("a.txt", "Mia B\nleft O\n", "2 columns, and 'O' in the last one"),
    "SGML": ("a.txt", '<ENAMEX TYPE="PERSON">Mia</ENAMEX> left.\n', "If it is, use --format text"),
    "XML in text": ("a.txt", "<PER>Mia</PER> left.\n", "lines have marks, such as '<PER>"),
    "OpenNLP": ("a.txt", "<START:person> Mia <END> left .\n", "lines have marks"),
    "brackets with a type": ("a.txt", "[PER Mia] left .\n", "lines have marks"),
    "braces with a type": ("a.txt", "{{PER:Mia}} left .\n", "lines have marks"),
    "Rasa's marks": ("a.md", '- hi [Mia]{"entity": "PER"}\n', "lines have marks"),
    "tags behind slashes": ("a.txt", "Mia/B-PER left/O now/O\n", "lines have marks"),
    "tags behind underscores": ("a.txt", "Mia_B-PER left_O now_O\n", "lines have marks"),
    "broken JSON in text": (
        "a.txt",
        '{"text": "Mia"\n{"text": "Bo"\n',
        "begin as JSON, code or XML",
    ),
    "code": (
        "a.txt",
        "DATA = [\n  ('Mia', x),\n  ('Bo', y),\n]\n",
        "begin as JSON, code or XML do",
    ),
    "HTML": ("a.txt", "<html>\n<body>\nMia left\n", "begin as JSON, code or XML do"),
    "an index and a text": ("a.txt", "1\tMia left.\n2\tBo came.\n", "2 columns between tabs"),
    "a column of sentences": (
        "a.tsv",
        "S1\tMia\tB-PER\nS1\tleft\tO\nS2\tBo\tB-PER\nS2\tcame\tO\n",
        "read in 2 ways.*--columns _,word,ner .*--columns sentence,word,ner ",
    ),
    "vectors": ("a.txt", "Mia 0.1 0.2\nBo 0.1 -1.2\n", "lines are words with vectors"),
    "a list of labels": ("labels.txt", "PER\nLOC\n", "seems to be about the data"),
    "an .ann file alone": ("a.ann", "T1\tPER 0 3\tMia\n", "the text a.txt is missing beside it"),
    "another table": ("a.csv", "a;b\n1;Mia left\n", "If its rows .*--columns .*--text-key"),
    "Parquet": ("a.parquet", b"PAR1\x15", "is a Parquet file.*to_json"),
    "a table of Excel": ("a.xlsx", b"PK\x03\x04\x14", "an office program.*Save a table as CSV"),
    "PDF": ("a.pdf", b"%PDF-1.4", "is a PDF file.*Save it as text"),
    "bzip2": ("a.txt.bz2", bz2.compress(b"Mia"), "packed with bzip2.*Unpack it"),
    "gzip without its suffix": ("a.txt", gzip.compress(b"Mia"), "Let its name end with .gz"),
    "tar": ("a.tar", b"a.txt" + bytes(252) + b"ustar\x0000", "a tar archive.*Unpack it"),
    "a pickle": ("a.pkl", b"\x80\x04\x95", "a Python pickle"),
    "smart quotes": ("a.txt", "Mia “left”".encode("cp1252"), "--encoding cp1252"),
    "Chinese in GBK": ("a.txt", "你好".encode("gbk"), "gb18030"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_the_file_is_refused_with_a_remedy(kind, tmp_path):
    name, content, message = REFUSED[kind]
    source = write(tmp_path, content, name)
    with pytest.raises(DeepALError, match=f"(?s)^{tmp_path}/{name}.*{message}"):
        find_reading(source, ReadOptions())


@pytest.mark.parametrize("separator", ["\t", " "])
def test_a_wrong_number_of_columns_is_told(separator, tmp_path):
    source = write(tmp_path, f"Mia{separator}B-PER\nleft{separator}O\n", "a.conll")
    with pytest.raises(DeepALError, match="word,ner,_ names 3 columns, but most lines have 2"):
        find_reading(source, ReadOptions(columns="word,ner,_"))


# content, what the error says about the record
BAD = {
    "columns in one object": (
        {"tokens": [["Mia"], ["Bo"]], "ner_tags": [[1], [1]]},
        "write a record for each",
    ),
    "rows in one object": ({"rows": [{"row": {"tokens": ["Mia"]}}]}, "under 'rows' as a list"),
    "Rasa": (
        {"data": None, "rasa": {"examples": [{"text": TEXT}]}},
        "under 'rasa.examples' as a list",
    ),
    "spaCy 2's lists by split": (
        {"train": [[TEXT, {"entities": [[0, 3, "PER"]]}]]},
        "Write what is under 'train' as a file of its own",
    ),
    "DataTurks without places": (
        {"content": TEXT, "annotation": [{"label": ["PER"], "points": [{"start": 0}]}]},
        "no 'points' with 'start' and 'end'",
    ),
    "DataTurks with another text": (
        {
            "content": TEXT,
            "annotation": [
                {"label": ["PER"], "points": [{"start": 0, "end": 3, "text": "Mia"}]},
            ],
        },
        "the text has 'Mia ' there, not 'Mia'",
    ),
    "BigBio in parts": (
        {
            "passages": [{"text": [TEXT], "offsets": [[0, 14]]}],
            "entities": [{"type": "X", "text": ["Mia", "Porto"], "offsets": [[0, 3], [9, 14]]}],
        },
        "an entity in several parts",
    ),
    "BigBio without offsets": (
        {"passages": [{"text": TEXT}], "entities": []},
        "must have 'text' and 'offsets'",
    ),
    "BigBio out of place": (
        {"passages": [{"text": [TEXT], "offsets": [[0, 5]]}], "entities": []},
        "a passage of 14 characters is not where its offsets say",
    ),
    "BigBio far out of place": (
        {"passages": [{"text": ["a"], "offsets": [[10**12, 10**12 + 1]]}], "entities": []},
        "a passage of 1 characters is not where its offsets say",
    ),
    "spaCy 2's JSON": ({"id": 0, "paragraphs": [{"raw": TEXT}]}, "`python -m spacy convert"),
    "Ground Truth": ({"source": TEXT}, "--text-key source"),
    "Argilla 2": ({"id": "x", "fields": {"text": TEXT}}, "--text-key fields.text"),
    "pairs": ({"text": TEXT, "ner": [["Mia", "PER"]]}, "does not say where they stand"),
    "by label": (
        {"text": TEXT, "named_entities": {"PER": ["Mia"]}},
        "does not say where they stand",
    ),
    "without places": (
        {"text": TEXT, "found": [{"text": "Mia", "type": "PER"}]},
        "does not say where",
    ),
    "tags without tokens": (
        {"text": TEXT, "ner_tags": ["B-PER", "O", "O"]},
        "no list of their words",
    ),
    "numbers of tags": ({"tokens": ["Mia"], "ner_tags": [1]}, "--tag-names O,B-PER,I-PER"),
    "the class of a text": ({"text": TEXT, "label": "good"}, "pass over it with --spans-key none"),
    "spans beside an unknown key": (
        {"text": TEXT, "spans": [SPAN], "gold": [{**SPAN, "label": "ORG"}]},
        "spans are under 'spans' and under 'gold', which is not known. Choose with --spans-key",
    ),
    "tags against spans": (
        {"text": TEXT, "tokens": TEXT.split(), "ner_tags": ["O", "O", "O"], "spans": [SPAN]},
        "tags and spans that are different entities",
    ),
    "tags against tags": (
        {"tokens": ["Mia"], "ner_tags": ["O"], "labels": ["B-PER"]},
        "'ner_tags' and 'labels' have different tags",
    ),
    "types in a list": ({"tokens": ["Mia"], "ner": ["PER"]}, "add --scheme io"),
    "unknown key": ({"text": TEXT, "gold": [SPAN]}, "--spans-key gold"),
    "inclusive ends": (
        {"text": TEXT, "spans": [{**SPAN, "end": 2, "text": "Mia"}]},
        "the last character",
    ),
    "dialogues": (
        json.loads(task(type="paragraphlabels"))[0],
        "a result of type 'paragraphlabels'",
    ),
    "two strings": ({"data": {"a": "x", "b": "y"}, "annotations": []}, "--text-key KEY"),
}


@pytest.mark.parametrize("kind", BAD)
def test_the_record_is_refused_with_a_remedy(kind, tmp_path):
    record, message = BAD[kind]
    (item,) = read(tmp_path, "auto", lines(record), name="a.jsonl")
    assert isinstance(item, BadLine)
    assert message in item.message


@pytest.mark.parametrize("content", ["[{0},,{0}]", "[,{0}]", "[{0},]", "[{0} {0}]"])
def test_the_commas_of_a_list_are_counted(content, tmp_path):
    content = content.replace("{0}", lines({"text": TEXT, "spans": []}).strip())
    items = read(tmp_path, "auto", content, name="a.json")
    problems = [item.message for item in items if isinstance(item, BadLine)]
    assert problems == ["values of a list have one comma between them"]


def test_entities_of_other_forms_in_conllu_are_told(tmp_path):
    row = "1\tMia\tMia\tPROPN\tNNP\t_\t0\troot\t_\tEntity=(person-1)\n\n"
    (sentence,) = read(tmp_path, "auto", row, name="a.conllu")
    assert sentence.note == "sentences with Entity= in MISC, which is not read as it has no tags"


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.conllu"])
def test_a_wrong_spans_key_does_not_lose_all_labels(name, tmp_path):
    content = lines({"text": TEXT, "spans": [SPAN]})
    if name == "a.conllu":
        content = "1\tMia\tMia\tPROPN\tNNP\t_\t0\troot\t_\tNER=B-PER\n\n"
    with pytest.raises(DeepALError, match=rf"{name}: no .* 'span'.*--spans-key none"):
        find_reading(write(tmp_path, content, name), ReadOptions(spans_key="span"))
    (item,) = read(tmp_path, "auto", content, name=name, spans_key="none")
    assert not item.doc.has_annotation("ENT_IOB")


def test_types_alone_are_read_in_tables_and_records(tmp_path):
    record = lines({"tokens": ["Mia"], "ner": ["PER"]})
    for name, content, columns in (
        ("a.tsv", "Mia\tPER\nleft\tO\n", ("word", "ner")),
        ("a.csv", "word,label\nMia,PER\n", ("word", "ner")),
        ("a.jsonl", record, ()),
    ):
        (item,) = read(tmp_path, "auto", content, name=name, scheme="io", columns=columns)
        assert entities(item) == [MIA]


def test_an_absolute_name_in_a_zip_is_of_the_zip(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("/etc/a.txt", "Mia left.")
        archive.writestr("../b.txt", "Bo left.")
    (source,), unread = open_all(tmp_path / "a.zip")
    assert source.path == tmp_path / "a.zip" / "etc" / "a.txt"
    assert list(unread.values()) == ["hidden"]


def test_gzip_in_a_zip_is_read_and_a_zip_in_a_zip_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "inner.zip", "w") as archive:
        archive.writestr("a.txt", "Mia left.")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(
            "a.jsonl.gz", gzip.compress(lines({"text": TEXT, "spans": [SPAN]}).encode())
        )
        archive.write(tmp_path / "inner.zip", "inner.zip")
    (packed, inner), unread = open_all(tmp_path / "a.zip")
    assert not unread
    (sentence,) = find_reading(packed, ReadOptions()).read(packed, EN)
    assert entities(sentence) == [MIA]
    with pytest.raises(DeepALError, match=r"a\.zip/inner\.zip is a zip archive"):
        find_reading(inner, ReadOptions())


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_is_told(method, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("a.txt", "".join(f"Mia left {n * n}.\n" for n in range(500)))
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[300:600] = bytes(300)
    (tmp_path / "a.zip").write_bytes(content)
    (source,), _ = open_all(tmp_path / "a.zip")
    with pytest.raises(DeepALError, match=r"a\.zip/a\.txt is damaged: .*Pack it again"):
        source.read_bytes()


def test_a_text_with_annotation_beside_it_is_not_read_alone(tmp_path):
    write(tmp_path, "T1\tPER 0 3\tMia\n", "a.ann")
    source = write(tmp_path, TEXT, "a.txt")
    with pytest.raises(DeepALError, match=r"its entities seem to be in a\.ann beside it"):
        find_reading(source, ReadOptions())
    assert find_reading(source, ReadOptions(format="text")).format == "text"


def test_cp1252_read_as_latin_1_is_refused(tmp_path):
    write(tmp_path, "Mia “left”".encode("cp1252"), "a.txt")
    (source,), _ = open_all(tmp_path / "a.txt", "latin-1")
    with pytest.raises(DeepALError, match="--encoding cp1252"):
        find_reading(source, ReadOptions())


def test_two_records_on_one_line_are_told(tmp_path):
    content = lines({"text": TEXT}).strip() * 2
    (item,) = read(tmp_path, "auto", content, name="a.jsonl")
    assert f"a second value begins at character {len(content) // 2 + 1}. Write one" in item.message


@pytest.mark.parametrize("rows", [0, 9])
def test_a_cell_with_a_line_break_is_told(rows, tmp_path):
    content = 'sentence,word,ner\n1,"le\nft",O\n' + "2,Mia,B-PER\n" * rows
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(DeepALError, match=r"ine 2|:2: ") as caught:
        convert(tmp_path / "a.csv", tmp_path / "pool")
    assert "a cell begins with a quote and does not end on this line. Write a space" in str(
        caught.value
    )


def test_the_entities_of_bionlp_are_read_and_its_events_are_not(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "x.txt").write_text(TEXT)
    (data / "x.a1").write_text("T1\tPER 0 3\tMia\n")
    (data / "x.a2").write_text("T2\tLeave 4 8\tleft\nE1\tLeave:T2 Who:T1\n")
    summary = convert(data, tmp_path / "pool")
    assert summary.entities == {"PER": 1}
    assert [path.name for path in summary.unread] == ["x.a2"]
    (data / "x.ann").write_text("T1\tLOC 9 14\tPorto\n")
    summary = convert(data, tmp_path / "pool")
    assert summary.entities == {"LOC": 1}
    assert summary.unread[data / "x.a1"] == "x.ann is read, which is of the same text"


def test_numbers_of_tags_have_the_names_in_the_file_beside(tmp_path):
    names = ["O", "B-PER", "I-PER"]
    feature = {"feature": {"names": names, "_type": "ClassLabel"}, "_type": "Sequence"}
    (tmp_path / "train.jsonl").write_text(lines({"tokens": TEXT.split(), "ner_tags": [1, 0, 0]}))
    (tmp_path / "dataset_info.json").write_text(json.dumps({"features": {"ner_tags": feature}}))
    summary = convert(tmp_path / "train.jsonl", tmp_path / "pool")
    assert summary.entities == {"PER": 1}
    assert summary.files[0].how == "keys tokens, ner_tags, tags named by dataset_info.json"
    options = ReadOptions(tag_names=["O", "B-LOC"])
    assert convert(tmp_path / "train.jsonl", tmp_path / "pool", options=options).entities == {
        "LOC": 1
    }


@pytest.mark.parametrize("content", ["{", "[]", '{"features": {"ner_tags": null}}', "null"])
def test_a_file_beside_that_names_nothing_leaves_the_remedy(content, tmp_path):
    (tmp_path / "train.jsonl").write_text(lines({"tokens": TEXT.split(), "ner_tags": [1, 0, 0]}))
    (tmp_path / "dataset_info.json").write_text(content)
    with pytest.raises(DeepALError, match="--tag-names O,B-PER,I-PER"):
        convert(tmp_path / "train.jsonl", tmp_path / "pool")
