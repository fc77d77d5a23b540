"""Which entity types of the data are read, and what they are called then."""

from collections.abc import Sequence

from spacy.tokens import Doc, Span

from ..errors import DeepALError
from ..sentences import KEY, LABELS, labels_looked_for

ALL_OTHERS = "*"


def parse_entity_types(names: Sequence[str]) -> dict[str, str]:
    """RETURNS (dict[str, str]): The new name of each type that is named.

    names (Sequence[str]): Those of `ReadOptions.entity_types`.
    RAISES (DeepALError): One of them is not like PERSON, PER=PERSON or *, or comes twice.
    """
    renamed: dict[str, str] = {}
    for name in names:
        old, equals, new = name.partition("=")
        if not old or (equals and not new) or (equals and old == ALL_OTHERS):
            raise DeepALError(
                f"--entity-types {name}: name types with commas between, as in PER=PERSON,ORG; "
                f"with {ALL_OTHERS} at the end, all others are kept."
            )
        if old in renamed:
            raise DeepALError(f"--entity-types: {old} is named twice. Name it once.")
        renamed[old] = new or old
    return renamed


class EntityTypes:
    """Leaves out entities of the types that are not named, and renames the others.

    left_out (int): How many entities were.
    """

    def __init__(self, names: Sequence[str]):
        """names (Sequence[str]): Those of `ReadOptions.entity_types`. RAISES (DeepALError): As
        `parse_entity_types`."""
        self.renamed = parse_entity_types(names)
        self.keeps_others = self.renamed.pop(ALL_OTHERS, None) is not None
        self.left_out = 0
        self._seen: set[str] = set()

    def apply(self, doc: Doc) -> None:
        """Change the entities of a Doc. A word of one that is left out is O."""
        if not self.renamed:
            return
        kept, others = [], []
        for ent in doc.ents:
            self._seen.add(ent.label_)
            if (label := self._name(ent.label_)) is None:
                others.append(ent)
            else:
                kept.append(Span(doc, ent.start, ent.end, label))
        self.left_out += len(others)
        if doc.has_annotation("ENT_IOB"):
            doc.set_ents(kept, outside=others, default="unmodified")
        if known := labels_looked_for(doc):
            new_names = {self._name(label) for label in known} - {None}
            unknown = {new for old, new in self.renamed.items() if old not in known}
            doc.user_data[KEY][LABELS] = sorted(filter(None, new_names - unknown))

    @property
    def notes(self) -> dict[str, int]:
        """What the user should know: texts, each with a number."""
        unseen = [name for name in self.renamed if name not in self._seen]
        absent = f"types of --entity-types that no entity has ({', '.join(unseen)})"
        counts = {"entities of other types left out": self.left_out, absent: len(unseen)}
        return {text: count for text, count in counts.items() if count}

    def _name(self, label: str) -> str | None:
        return self.renamed.get(label, label if self.keeps_others else None)
