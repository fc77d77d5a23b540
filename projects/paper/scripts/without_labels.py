"""What an existing pipeline finds without any of our labels, and when the loop passes it.

    python scripts/without_labels.py en_core_web_md DATA runs --curves runs/curves.jsonl

Evaluates a pipeline that was trained on other data, with its types translated into those of ours
(TYPES). Records a line for each data set and pipeline. Then prints F1, and the share of the words
after which the mean curve of each acquisition function is higher for the first time.
"""

from pathlib import Path
from typing import Annotated, Any

import typer
from curves_table import functions, read_sets
from mean_curve import mean_run
from results import DIGITS, RESULTS, markdown, record, show_errors
from spacy.language import Language
from spacy.scorer import get_ner_prf
from spacy.tokens import Doc, Span
from spacy.training import Example
from tqdm import tqdm

from spacy_deepal.errors import DeepALError
from spacy_deepal.experiment.simulation import prepare_corpus
from spacy_deepal.pipelines import load_pipeline
from spacy_deepal.pool.shards import read_shards
from spacy_deepal.sentences import bare_copy

# What the types of OntoNotes are called in other data. The first name that the data has counts. A
# type of the data that is not here is never found.
TYPES = {
    "PERSON": ("PERSON", "PER", "per", "person"),
    "ORG": ("ORG", "org"),
    "GPE": ("GPE", "LOC", "geo", "location"),
    "LOC": ("LOC", "geo", "location"),
    "FAC": ("FAC", "LOC", "geo", "location"),
    "NORP": ("NORP", "gpe"),
    "DATE": ("DATE", "tim"),
    "TIME": ("TIME", "tim"),
    "EVENT": ("EVENT", "eve"),
    "PRODUCT": ("PRODUCT", "art", "product"),
    "WORK_OF_ART": ("WORK_OF_ART", "art", "creative-work"),
}


def main(
    pipeline: Annotated[str, typer.Argument(help="A trained pipeline: its name, or a folder")],
    data: Annotated[Path, typer.Argument(help="As for `spacy deepal experiment`")],
    workspace: Annotated[Path, typer.Argument(help="As for `spacy deepal experiment`")],
    lang: Annotated[str, typer.Option(help="Language of the tokenizer")] = "en",
    curves: Annotated[list[Path], typer.Option(help="Files of results: what the loop did")] = [],  # noqa: B006
    output: Annotated[Path, typer.Option(help="File of results")] = RESULTS
    / "without_labels.jsonl",
) -> None:
    """Evaluate the pipeline, record its scores, and print when the loop passes it."""
    with show_errors():
        folder = prepare_corpus(data, workspace, lang=lang)
        nlp = load_pipeline(pipeline)
        name = f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}"
        line: dict[str, Any] = {"data": folder.name, "pipeline": name}
        for split, prefix in (("dev", "dev_"), ("test", "")):
            docs = list(read_shards(folder / "corpus" / split, nlp.vocab))
            found = evaluate(nlp, docs, split)
            line |= {f"{prefix}{key}": value for key, value in found.items()}
        record(output, [line], by=("data", "pipeline"))
        rows = [[str(file), *row] for file in curves for row in passed(file, line)]
    print(f"{line['pipeline']} has {100 * line['ents_f']:.1f} F1 on {line['data']}.\n")
    print(markdown(["curves", "", "passes it with", "F1 then"], *rows))


def evaluate(nlp: Language, docs: list[Doc], title: str) -> dict[str, float]:
    """Let a pipeline find entities in the tokens of the data.

    docs (list[Doc]): Labelled sentences.
    RETURNS (dict): ents_p, ents_r and ents_f, from 0 to 1.
    RAISES (DeepALError): None of the pipeline's types has a name in the data.
    """
    types = {entity.label_ for doc in docs for entity in doc.ents}
    known = {
        label: name
        for label, names in TYPES.items()
        if (name := next((each for each in names if each in types), None))
    }
    if not known:
        raise DeepALError(
            f"None of the types of the data ({', '.join(sorted(types))}) is in TYPES of this "
            "program. Add them there."
        )
    plain = (bare_copy(doc, nlp.vocab) for doc in docs)
    examples = []
    for gold, doc in zip(docs, tqdm(nlp.pipe(plain), title, len(docs), disable=None), strict=True):
        doc.ents = [
            Span(doc, entity.start, entity.end, known[entity.label_])
            for entity in doc.ents
            if entity.label_ in known
        ]
        examples.append(Example(doc, gold))
    scores = get_ner_prf(examples)
    return {key: round(scores[key], DIGITS) for key in ("ents_p", "ents_r", "ents_f")}


def passed(file: Path, line: dict[str, Any]) -> list[list[str]]:
    """RETURNS (list[list[str]]): A row for each acquisition function: its name, the share of the
    words with which its mean curve is above the pipeline for the first time, and F1 there."""
    rows = []
    for name, runs in functions(read_sets(file).get(line["data"], [])).items():
        curve = mean_run(runs)
        row = next((row for row in curve.rounds if row.ents_f > line["ents_f"]), None)
        best = max(row.ents_f for row in curve.rounds)
        cells = ["not at all", f"at most {100 * best:.1f}"]
        if row:
            cells = [f"{row.words_percent:.0f}% ({row.words:,} words)", f"{100 * row.ents_f:.1f}"]
        rows.append([name, *cells])
    return rows


if __name__ == "__main__":
    typer.run(main)
