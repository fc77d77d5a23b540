"""Contents of bad files, by format and by what is wrong with them."""

import bz2
import gzip
import json

TEXT = "Mia Ota left Porto"
SPAN = {"start": 0, "end": 7, "label": "PER"}
DEEP = "[" * 3000 + "]" * 3000


def dump(value):
    return json.dumps(value, ensure_ascii=False)


# One sentence in each format: the suffix, and the content.
WHOLE = {
    "iob2": (".iob2", "Mia\tB-PER\nOta\tI-PER\nleft\tO\n\n"),
    "bioes": (".bioes", "Mia\tB-PER\nOta\tE-PER\nleft\tO\n\n"),
    "conll2002": (".conll", "Mia B-PER\nOta I-PER\nleft O\n\n"),
    "conll2003": (".conll", "Mia NNP I-NP I-PER\nOta NNP I-NP I-PER\nleft VBD I-VP O\n\n"),
    "conll2012": (
        ".conll",
        "#begin document (d); part 000\nd 0 0 Mia - - - - - - (PER) -\n\n#end document\n",
    ),
    "conllu": (".conllu", "1\tMia\t_\t_\t_\t_\t_\t_\t_\tNER=B-PER\n\n"),
    "webanno": (
        ".tsv",
        "#FORMAT=WebAnno TSV 3.3\n#T_SP=a.NamedEntity|value\n\n\n#Text=Mia\n1-1\t0-3\tMia\tPER\t\n",
    ),
    "csv": (".csv", "sentence,word,ner\n1,Mia,B-PER\n1,left,O\n"),
    "jsonl": (".jsonl", dump({"text": TEXT, "spans": [SPAN]}) + "\n"),
    "hugging_face": (".jsonl", dump({"tokens": ["Mia"], "ner_tags": ["B-PER"]}) + "\n"),
    "doccano": (".jsonl", dump({"text": TEXT, "label": [[0, 7, "PER"]]}) + "\n"),
    "prodigy": (".jsonl", dump({"text": TEXT, "spans": [SPAN], "answer": "accept"}) + "\n"),
    "label_studio": (
        ".json",
        dump(
            [
                {
                    "data": {"text": TEXT},
                    "annotations": [{"result": [{"value": {**SPAN, "labels": ["PER"]}}]}],
                }
            ]
        ),
    ),
    "label_studio_min": (
        ".json",
        dump([{"text": TEXT, "label": [SPAN], "annotation_id": 1, "lead_time": 1}]),
    ),
    "spacy2": (".json", dump([[TEXT, {"entities": [[0, 7, "PER"]]}]])),
    "inline": (".txt", "[Mia Ota](PER) left [Porto](LOC).\n"),
    "text": (".txt", "Mia Ota left Porto.\n"),
}

# What is wrong with the bytes of a file: how its content is changed, and what follows its suffix.
DAMAGE = {
    "a wrong byte": (lambda text: text.encode() + b"\n\xff\xfe", ""),
    "a NUL": (lambda text: text.encode() + b"\n\0\n", ""),
    "in UTF-16": (lambda text: text.encode("utf-16"), ""),
    "nothing": (lambda text: b"", ""),
    "not packed": (lambda text: text.encode(), ".gz"),
    "packed and cut": (lambda text: gzip.compress(text.encode())[:-9], ".gz"),
    "no archive": (lambda text: text.encode(), ".zip"),
    "packed otherwise": (lambda text: bz2.compress(text.encode()), ".bz2"),
}

# Records that are malformed or contradict themselves.
RECORDS = {
    "a number": 7,
    "a string": "Mia",
    "a list": [TEXT],
    "no text": {"spans": [SPAN]},
    "an empty object": {},
    "text is a number": {"text": 3},
    "text is a list": {"text": ["Mia"]},
    "text under another key": {"body": TEXT, "spans": [SPAN]},
    "a start too far": {"text": TEXT, "spans": [{**SPAN, "start": 90, "end": 99}]},
    "an end too far": {"text": TEXT, "spans": [{**SPAN, "end": 99}]},
    "a negative start": {"text": TEXT, "spans": [{**SPAN, "start": -1}]},
    "an end before its start": {"text": TEXT, "spans": [{**SPAN, "start": 8}]},
    "an empty span": {"text": TEXT, "spans": [{**SPAN, "end": 0}]},
    "a start that is a string": {"text": TEXT, "spans": [{**SPAN, "start": "0"}]},
    "a start that is true": {"text": TEXT, "spans": [{**SPAN, "start": True}]},
    "a start that is a fraction": {"text": TEXT, "spans": [{**SPAN, "start": 0.0}]},
    "a huge end": {"text": TEXT, "spans": [{**SPAN, "end": 10**400}]},
    "no end of a span": {"text": TEXT, "spans": [{"start": 0, "label": "PER"}]},
    "no label": {"text": TEXT, "spans": [{"start": 0, "end": 7}]},
    "a label that is null": {"text": TEXT, "spans": [{**SPAN, "label": None}]},
    "a label that is a number": {"text": TEXT, "spans": [{**SPAN, "label": 3}]},
    "an empty label": {"text": TEXT, "spans": [{**SPAN, "label": ""}]},
    "a blank label": {"text": TEXT, "spans": [{**SPAN, "label": " "}]},
    "a label with a space": {"text": TEXT, "spans": [{**SPAN, "label": "PER "}]},
    "two labels": {"text": TEXT, "spans": [{**SPAN, "label": ["PER", "LOC"]}]},
    "a span of two parts": {"text": TEXT, "spans": [[0, 7]]},
    "a span of four parts": {"text": TEXT, "spans": [[0, 7, "PER", 1]]},
    "a span that is null": {"text": TEXT, "spans": [None]},
    "a span that is a string": {"text": TEXT, "spans": ["Mia"]},
    "spans that are a string": {"text": TEXT, "spans": "Mia"},
    "spans that are true": {"text": TEXT, "spans": True},
    "spans that are a number": {"text": TEXT, "spans": 1},
    "spans that overlap": {"text": TEXT, "spans": [SPAN, {**SPAN, "start": 4, "end": 12}]},
    "one span, two labels": {"text": TEXT, "spans": [SPAN, {**SPAN, "label": "LOC"}]},
    "a part of a token": {"text": TEXT, "spans": [{**SPAN, "end": 5}]},
    "a space too many": {"text": TEXT, "spans": [{**SPAN, "end": 8}]},
    "another text": {"text": TEXT, "spans": [{**SPAN, "text": "Bo Ek"}]},
    "offsets in UTF-16": {
        "text": "😀 Mia",
        "spans": [{"start": 3, "end": 6, "label": "P", "text": "Mia"}],
    },
    "offsets in bytes": {
        "text": "é Mia",
        "spans": [{"start": 3, "end": 6, "label": "P", "text": "Mia"}],
    },
    "inclusive ends": {"text": TEXT, "spans": [{**SPAN, "end": 6, "text": "Mia Ota"}]},
    "two keys": {"text": TEXT, "spans": [SPAN], "entities": [[8, 12, "X"]]},
    "an unknown key": {"text": TEXT, "gold": [SPAN]},
    "an unknown key in meta": {"text": TEXT, "meta": {"gold": [SPAN]}},
    "an unknown key beside spans": {"text": TEXT, "spans": [SPAN], "gold": [SPAN]},
    "entities without places": {"text": TEXT, "ner": [["Mia", "PER"]]},
    "entities by type": {"text": TEXT, "entities": {"PER": ["Mia"]}},
    "a class": {"text": TEXT, "label": "good"},
    "an id that is true": {"text": TEXT, "id": True},
    "an id that is a list": {"text": TEXT, "id": [1]},
    "an id that is a fraction": {"text": TEXT, "id": 1.5},
    "an id that is blank": {"text": TEXT, "id": " "},
    "a genre that is an object": {"text": TEXT, "genre": {"a": 1}},
    "a document that is a list": {"text": TEXT, "doc_id": ["a"]},
    "an unknown answer": {"text": TEXT, "spans": [SPAN], "answer": "yes"},
    "tokens that are a string": {"text": TEXT, "tokens": TEXT, "spans": []},
    "tokens that are numbers": {"text": TEXT, "tokens": [1], "spans": []},
    "tokens of another text": {"text": TEXT, "tokens": ["Bo", "Ek"], "spans": []},
    "a token at another place": {
        "text": TEXT,
        "tokens": [{"text": "Mia", "start": 1, "end": 4}],
        "spans": [],
    },
    "an empty token": {"tokens": ["Mia", ""], "ner_tags": ["O", "O"]},
    "sentences of tokens": {"tokens": [["Mia"], ["Bo"]], "ner_tags": [["O"], ["O"]]},
    "too few tags": {"tokens": ["Mia", "left"], "ner_tags": ["O"]},
    "too many tags": {"tokens": ["Mia"], "ner_tags": ["O", "O"]},
    "numbers of tags": {"tokens": ["Mia"], "ner_tags": [1]},
    "types alone": {"tokens": ["Mia"], "ner_tags": ["PER"]},
    "a stray tag": {"tokens": ["Mia", "left", "Bo"], "ner_tags": ["B-PER", "O", "I-PER"]},
    "an entity without an end": {"tokens": ["Mia", "left"], "ner_tags": ["B-PER", "S-PER"]},
    "tags without tokens": {"text": TEXT, "ner_tags": ["O", "B-PER"]},
    "tags against tags": {"tokens": ["Mia"], "ner_tags": ["O"], "labels": ["B-PER"]},
    "tags against spans": {
        "text": "Mia",
        "tokens": ["Mia"],
        "ner_tags": ["O"],
        "spans": [[0, 3, "P"]],
    },
    "spans without text": {"tokens": ["Mia"], "spans": [[0, 3, "PER"]]},
    "spans deep inside": {"text": TEXT, "ner": {"annotations": {"list": [SPAN]}}},
    "spans deep under a known key": {"text": TEXT, "annotation": {"ents": {"list": [SPAN]}}},
    "spans of an answer": {"text": TEXT, "responses": {"ents": [{"value": [SPAN]}]}},
    "spans in a list of lists": {"text": TEXT, "ents.responses": [[SPAN]]},
    "spans of two annotators": {"text": TEXT, "spans": [[SPAN], []]},
    "one entity": {"text": TEXT, "entity": SPAN},
    "spans in columns": {"text": TEXT, "gold": {"start": [0], "end": [7], "label": ["PER"]}},
    "spans by label": {"text": TEXT, "label": {"PER": {"Mia Ota": [[0, 6]]}}},
    "spans without ends": {"text": TEXT, "ner": [{"beginOffset": 0, "content": "Mia Ota"}]},
    "an end behind UTF-16": {"text": "😀 Mia", "spans": [[3, 6, "PER"]]},
    "text far inside": {"id": "a", "fields": {"text": TEXT}, "spans": [SPAN]},
    "tokens of a part": {"document": TEXT, "tokens": [{"text": "Porto", "start": 13, "end": 18}]},
    "tags in tokens": {"tokens": [{"text": "Mia", "ner": "B-PER"}, {"text": "left", "ner": "O"}]},
    "types in tokens": {
        "text": "Mia",
        "tokens": [{"text": "Mia", "start": 0, "end": 3, "ner": "P"}],
    },
    "lists in tokens": {"tokens": [{"text": "Mia", "labels": [{"value": "PER"}]}]},
    "tags under another key": {"tokens": ["Mia", "left"], "bio": ["B-PER", "O"]},
    "numbers under another key": {"tokens": ["Mia", "left"], "ner_ids": [1, 0]},
    "spans that count tokens": {"tokens": ["Mia", "left"], "ner": [[0, 0, "PER"]]},
    "tokens under another key": {"tokenized_text": ["Mia", "left"], "ner": [[0, 0, "PER"]]},
    "sentences in one record": {"sentences": [["Mia", "left"]], "ner": [[[0, 0, "PER"]]]},
    "parts of a text": {"annotatable": {"parts": ["s1"]}, "entities": [{"classId": "e"}]},
    "spaCy's JSON": {"id": 0, "paragraphs": [{"raw": TEXT}]},
    "rows inside": {"rows": [{"row": {"text": TEXT}}]},
    "rows behind features": {"features": [{"name": "text"}], "rows": [{"row": {"text": TEXT}}]},
    "a row": {"row_idx": 0, "row": {"tokens": ["Mia"], "ner_tags": [0]}},
}

# The second of two records contradicts the first.
PAIRS = {
    "other labels": ({"text": TEXT, "spans": [SPAN]}, {"text": TEXT, "spans": []}),
    "an id twice": ({"text": "Mia", "id": 0}, {"text": "Bo", "id": 0}),
}

# Lines that are not JSON as it must be.
JSON = {
    "a broken object": '{"text": "Mia"',
    "single quotes": "{'text': 'Mia'}",
    "a key twice": '{"text": "Mia", "text": "Bo"}',
    "NaN": '{"text": "Mia", "id": NaN}',
    "infinity": '{"text": "Mia", "id": -Infinity}',
    "a huge number": '{"text": "Mia", "id": ' + "9" * 5000 + "}",
    "nested too deeply": '{"text": ' + DEEP + "}",
    "half a surrogate": '{"text": "Mia \\ud800"}',
    "two objects": '{"text": "Mia"} {"text": "Bo"}',
    "a comment": "// Mia",
    "a comma behind": '{"text": "Mia"},',
    "a word": "Mia",
}
LISTS = {
    "no end": '[{"text": "Mia"}',
    "two commas": '[{"text": "Mia"},,{"text": "Bo"}]',
    "a comma first": '[,{"text": "Mia"}]',
    "a comma last": '[{"text": "Mia"},]',
    "no comma": '[{"text": "Mia"} {"text": "Bo"}]',
    "more behind": '[{"text": "Mia"}] x',
    "two lists": '[{"text": "Mia"}]\n[{"text": "Bo"}]',
    "a broken value": '[{"text": "Mia"}, {"text": }]',
    "one object over lines": '{\n"text": "Mia"\n}',
    "null": "[null]",
}

BLANKS = "\t_" * 8  # columns 3 to 10 of CoNLL-U
WEBANNO, NER = "#FORMAT=WebAnno TSV 3.3\n", "#T_SP=a.NamedEntity|value\n\n\n"
D2012 = "#begin document (d); part 000\n"
# Files of columns and tables.
COLUMNS = {
    "a row too short": ".conll|Mia NNP B-PER\nleft VBD O\nnow\n",
    "a row too long": ".conll|Mia B-PER\nleft O\nnow RB x O\n",
    "no tag": ".conll|Mia B-PER\nleft O\nnow\n",
    "an empty word": ".iob2|Mia\tB-PER\nleft\tO\n\tO\n",
    "an unknown prefix": ".iob2|Mia\tB-PER\nleft\tO\nnow\tX-PER\n",
    "a tag without a type": ".iob2|Mia\tB-PER\nleft\tO\nnow\tB-\n",
    "a stray tag": ".iob2|Mia\tB-PER\nleft\tO\nnow\tI-PER\n",
    "a tag of another type": ".iob2|Mia\tB-PER\nOta\tI-LOC\nleft\tO\n",
    "no end": ".bioes|Mia\tB-PER\nleft\tO\nBo\tS-PER\n",
    "no beginning": ".bioes|Mia\tE-PER\nleft\tO\nBo\tS-PER\n",
    "no end in the sentence": ".bioes|Bo\tS-PER\nleft\tO\nMia\tB-PER\n\n",
    "types alone": ".conll|Mia PER\nleft O\nBo PER\n",
    "types behind": ".conll|Mia PER-B\nleft O\nBo PER-B\n",
    "small prefixes": ".conll|Mia b-per\nleft o\nBo b-per\n",
    "underscores": ".conll|Mia B_PER\nleft O\nBo B_PER\n",
    "no tags": ".conll|Mia NNP\nleft VBD\n",
    "two layers": ".tsv|1\tMia\tB-PER\tO\n2\tOta\tI-PER\tB-LOC\n",
    "text that differs": ".iob2|# text = Mia came\nMia\tB-PER\nleft\tO\n",
    "text that goes on": ".iob2|# text = Mia left now\nMia\tB-PER\nleft\tO\n",
    "only comments": ".iob2|# text = Mia\n\n# text = Bo\n",
    "an ideographic space": ".conll|中\u3000B-LOC\n国\u3000I-LOC\n",
    "WebAnno: columns without a layer": f".tsv|{WEBANNO}\n#Text=Mia\n1-1\t0-3\tMia\tPER\n",
    "WebAnno: overlap": f".tsv|{WEBANNO}{NER}#Text=Mia\n1-1\t0-3\tMia\tPER[1]|LOC[2]\t\n",
    "WebAnno: no label": f".tsv|{WEBANNO}{NER}#Text=Mia\n1-1\t0-3\tMia\t*\t\n",
    "WebAnno: a part of a token": f".tsv|{WEBANNO}{NER}#Text=Mia\n1-1.1\t0-1\tM\tPER\t\n",
    "WebAnno: another text": f".tsv|{WEBANNO}{NER}#Text=Bo\n1-1\t0-3\tMia\tPER\t\n",
    "WebAnno: two features": f".tsv|{WEBANNO}#T_SP=x.P|a|b\n\n#Text=Mia\n1-1\t0-3\tMia\tX\tY\t\n",
    "a table without names": ".csv|Mia,left,Porto\nBo,left,Porto\n",
    "a table of sentences": ".csv|text,labels\nMia left,B-PER O\n",
    "a table of texts": ".csv|id,text\n1,Mia left\n2\n",
    "a row of a table too short": ".csv|word,ner,id\nMia,B-PER,1\nleft,O\nBo,O,2\n",
    "a bad tag in a table": ".csv|word,ner\nMia,B-PER\nleft,O\nBo,B_X\n",
    "a row without a word": ".csv|word,ner\nMia,B-PER\nleft,O\n,O\n",
    "two tags in a table": ".csv|word,ner,ner_tag\nMia,B-PER,B-X\nleft,O,O\n",
    "a number that is none": f".conllu|1\tMia{BLANKS}\n0\tleft{BLANKS}\n",
    "nine columns": ".conllu|1\tMia\t_\t_\t_\t_\t_\t_\t_\t_\n2\tleft\t_\t_\t_\t_\t_\t_\t_\n",
    "a stray tag in MISC": f".conllu|1\tMia{BLANKS[:-2]}\tN=B-P\n2\tB{BLANKS[:-2]}\tN=I-L\n",
    "two keys in MISC": ".conllu|1\tMia\t_\t_\t_\t_\t_\t_\t_\tN=B-P|M=B-L\n",
    "spaces in CoNLL-U": ".conllu|1 Mia _ _ _ _ _ _ _ NER=B-PER\n",
    "ten columns of eleven": ".conll|#begin document (d); part 000\nd 0 0 Mia - - - - - -\n",
    "a part that is none": ".conll|#begin document (d); part 000\nd x 0 Mia - - - - - - * -\n",
    "other widths": f".conll|{D2012}d 0 0 Mia - - - - - - *\nd 0 1 a - - - - - - * -\n",
    "an open bracket": ".conll|#begin document (d); part 000\nd 0 0 Mia - - - - - - (PER* -\n",
    "a bracket too many": ".conll|#begin document (d); part 000\nd 0 0 Mia - - - - - - *) -\n",
    "no bracket": ".conll|#begin document (d); part 000\nd 0 0 Mia - - - - - - PER -\n",
    "a skeleton": ".conll|#begin document (d); part 000\nd 0 0 [WORD] - - - - - - * -\n",
}

# Files that are taken for no raw text, and marks that are none.
TEXTS = {
    "SGML": '.txt|<ENAMEX TYPE="PERSON">Mia</ENAMEX> left.\n',
    "XML": ".txt|<PER>Mia</PER> left.\n",
    "HTML": ".txt|<html>\n<body>\nMia left.\n",
    "OpenNLP": ".txt|<START:person> Mia <END> left .\n",
    "brackets": ".txt|[PER Mia] left.\n",
    "braces": ".txt|{{PER:Mia}} left.\n",
    "Rasa": '.md|- hi [Mia]{"entity": "PER"}\n',
    "slashes": ".txt|Mia/B-PER left/O now/O\n",
    "underscores": ".txt|Mia_B-PER left_O now_O\n",
    "types alone": ".txt|Mia\tPER\nleft\tO\n",
    "prefixes alone": ".txt|Mia B\nleft O\n",
    "an index": ".txt|1\tMia left.\n2\tBo came.\n",
    "broken JSON": '.txt|{"text": "Mia"\n{"text": "Bo"\n',
    "code": ".txt|DATA = [\n  ('Mia', x),\n  ('Bo', y),\n]\n",
    "a link": ".txt|See [the page](install).\nMia left.\n",
    "other brackets": ".txt|[Mia](PER) left [1].\n[Bo](PER) came.\n",
    "a licence": "LICENSE|All rights reserved.\n",
    "an unknown suffix": ".dat|Mia left.\n",
    "a program": ".py|import os\nprint('Mia')\n",
    "white space": ".txt|  \n\t\n",
    "no text beside": ".ann|T1\tPER 0 3\tMia\n",
    "Parquet": ".parquet|PAR1 x",
    "PDF": ".pdf|%PDF-1.4\n",
    "Excel": ".xlsx|PK\x03\x04 x",
    "RTF": ".rtf|{\\rtf1 Mia}",
    "SQLite": ".db|SQLite format 3\x00",
}

# Annotation beside the text "Mia Ota left Porto".
BRAT = {
    "two parts": "T1\tPER 0 3;8 12\tMia left",
    "another text": "T1\tPER 0 7\tBo Ek",
    "an end too far": "T1\tPER 0 99\tMia",
    "a part of a token": "T1\tPER 0 2\tMi",
    "no places": "T1\tPER\tMia",
    "no type": "T1\t0 7\tMia Ota",
    "spaces for tabs": "T1 PER 0 7 Mia Ota",
    "overlap": "T1\tPER 0 7\tMia Ota\nT2\tLOC 4 7\tOta",
    "raw text": "Mia is a person.",
}
