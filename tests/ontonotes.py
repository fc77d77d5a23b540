"""Made-up text in the files of the CoNLL-2012 shared task, as a copy of OntoNotes 5 holds them.

    python -m tests.ontonotes FOLDER --words 1100000

Words are random syllables, or random Chinese characters. A name follows a word that gives its type
away, so a tagger can learn from it. Beside each gold file lie the forms that must not be read: the
automatic one, whose names are wrong, the skeletons without words, and files of other layers.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

TYPES = {  # with how many of a hundred names have them, about as in OntoNotes
    **{"GPE": 21, "PERSON": 21, "ORG": 22, "DATE": 17, "CARDINAL": 9, "NORP": 8, "MONEY": 5},
    **{"PERCENT": 4, "TIME": 2, "LOC": 2, "ORDINAL": 2, "WORK_OF_ART": 1, "FAC": 1, "QUANTITY": 1},
    **{"PRODUCT": 1, "EVENT": 1, "LAW": 1, "LANGUAGE": 1},
}
SOURCES = {"bc": "cctv", "bn": "abc", "mz": "sinorama", "nw": "wsj", "tc": "ch", "wb": "a2e"}
BIBLE = {"pt": "nt"}
SPLITS = {"train": 0.8, "development": 0.1, "test": 0.1}
LANGUAGES = {"english": "bdfgklmnprst", "chinese": None, "arabic": "bdfhjlmnqrst"}
GOLD, OTHER_LAYERS = "v4_gold_conll", ("parse", "name", "onf", "coref", "prop", "sense")
WORDS_A_PART = 400

Row = tuple[str, str]  # a word, and its cell in the column of names


class Lexicon(NamedTuple):
    """The words of a language: common ones with their frequencies, and those of names by type."""

    words: list[str]
    weights: list[float]
    names: dict[str, list[str]]
    signs: dict[str, str]  # what stands before a name of a type


def write_release(
    data: Path, *, language: str = "english", words: int = 6000, seed: int = 0, bible: bool = True
) -> dict[str, int]:
    """Write data/SPLIT/data/LANGUAGE/annotations/GENRE/SOURCE/NN/NAME.FORM.

    words (int): The least number of words in all splits together, without the Bible.
    RETURNS (dict[str, int]): The words of each split, without the Bible.
    """
    draw, counts = random.Random(f"{language} {seed}"), dict.fromkeys(SPLITS, 0)
    lexicon = make_lexicon(draw, language, 300 + words // 40)
    genres = SOURCES | (BIBLE if bible and language == "english" else {})
    number = 0
    for split, share in SPLITS.items():
        while counts[split] < share * words or number % len(genres):
            genre, source = [*genres.items()][number % len(genres)]
            name = f"{genre}/{source}/{number // 100:02}/{source}_{number:04}"
            parts = draw.choice((1, 1, 2, 3)) if genre in ("bc", "mz", "tc") else 1
            length = min(WORDS_A_PART, max(20, words // 200))
            text = [[*make_part(draw, lexicon, genre, length)] for _ in range(parts)]
            write_document(data / split / "data" / language / "annotations", name, text)
            counts[split] += sum(len(s) for p in text for s in p) if genre not in BIBLE else 0
            number += 1
    return counts


def make_lexicon(draw: random.Random, language: str, size: int) -> Lexicon:
    """RETURNS (Lexicon): Random words, the first of them frequent, and 40 names of each type."""
    consonants, known = LANGUAGES[language], set()

    def new(syllables: int) -> str:
        while True:
            if consonants:
                parts = (draw.choice(consonants) + draw.choice("aeiou") for _ in range(syllables))
            else:
                parts = (chr(draw.randrange(0x4E00, 0x5E00)) for _ in range(syllables))
            if (word := "".join(parts)) not in known:
                known.add(word)
                return word
            syllables += 1  # short ones may be used up

    words = [new(draw.choice((2, 3, 3))) for _ in range(size)]
    names = {label: [new(3).title() for _ in range(40)] for label in TYPES}
    return Lexicon(
        words, [*accumulate(1 / (i + 3) for i in range(size))], names, {t: new(2) for t in TYPES}
    )


def make_part(
    draw: random.Random, lexicon: Lexicon, genre: str, length: int
) -> Iterator[list[Row]]:
    """YIELDS (list[Row]): Sentences, until they have so many words."""
    while length > 0:
        sentence = make_sentence(draw, lexicon, genre)
        length -= len(sentence)
        yield sentence


def make_sentence(draw: random.Random, lexicon: Lexicon, genre: str) -> list[Row]:
    """RETURNS (list[Row]): A sentence. In the Bible no names are marked."""
    rows: list[Row] = []
    wanted = draw.randint(3, 12 if genre in ("bc", "tc") else 32)
    while len(rows) < wanted:
        words = draw.choices(lexicon.words, cum_weights=lexicon.weights, k=draw.randint(1, 9))
        rows += [(word, "*") for word in words]
        if draw.random() < 0.7:
            (label,) = draw.choices([*TYPES], weights=[*TYPES.values()])
            name = draw.choices(lexicon.names[label], k=draw.choice((1, 1, 2, 3)))
            cells = [f"({label}*", *["*"] * (len(name) - 2), "*)"] if name[1:] else [f"({label})"]
            rows += [(lexicon.signs[label], "*"), *zip(name, cells, strict=True)]
    if draw.random() < 0.1:
        rows += [("-LRB-", "*"), (draw.choice(lexicon.words), "*"), ("-RRB-", "*")]
    if genre in ("bc", "tc") and draw.random() < 0.3:
        rows.insert(0, ("%uh", "*"))
    rows.append(("/." if genre in ("bc", "tc", "wb") else ".", "*"))
    return [(word, "*") for word, _ in rows] if genre in BIBLE else rows


def write_document(folder: Path, name: str, parts: Sequence[Sequence[Sequence[Row]]]) -> None:
    """Write a document in all its forms. The automatic one calls each first word an ORG."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    wrong = [[[(s[0][0], "(ORG)"), *((w, "*") for w, _ in s[1:])] for s in p] for p in parts]
    bare = [[[("[WORD]", cell) for _, cell in s] for s in p] for p in parts]
    auto = [[[("[WORD]", cell) for _, cell in s] for s in p] for p in wrong]
    forms = {GOLD: parts, "v4_auto_conll": wrong, "v4_gold_skel": bare, "v4_auto_skel": auto}
    for form, text in forms.items():
        lines = [line for i, part in enumerate(text) for line in part_lines(name, i, part)]
        Path(f"{file}.{form}").write_text("\n".join(lines) + "\n", encoding="utf8")
    for layer in OTHER_LAYERS:
        Path(f"{file}.{layer}").write_text(f"{name}\n", encoding="utf8")


def part_lines(name: str, number: int, sentences: Sequence[Sequence[Row]]) -> Iterator[str]:
    """YIELDS (str): The lines of a part, in columns that are lined up by spaces."""
    yield f"#begin document ({name}); part {number:03}"
    for sentence in sentences:
        verbs = [i for i in range(len(sentence)) if i % 7 == 2]  # each has a column of arguments
        for i, (word, cell) in enumerate(sentence):
            parse = "(TOP(S*" if i == 0 else "*))" if i == len(sentence) - 1 else "*"
            lemma, frame = ("do", "01") if i in verbs else ("-", "-")
            arguments = "".join(f"{'(V*)' if i == verb else '*':>9}" for verb in verbs)
            coreference = "(12)" if i == 1 else "-"
            yield (
                f"{name}   {number}  {i:>3}  {word:>12}   NN {parse:>9}   {lemma}  {frame}   -   "
                f"Speaker#1  {cell:>14}{arguments}   {coreference}"
            )
        yield ""
    yield "#end document"


def main(
    folder: Path,
    words: Annotated[int, typer.Option(help="In all splits together")] = 6000,
    language: Annotated[list[str], typer.Option(help="May be repeated")] = ["english", "chinese"],  # noqa: B006
    seed: int = 0,
) -> None:
    """Write FOLDER/data/{train,development,test} in some languages."""
    for each in language:
        print(each, write_release(folder / "data", language=each, words=words, seed=seed))


if __name__ == "__main__":
    typer.run(main)
