"""Which entity types of the data are read, and what they are called then."""

from collections.abc import Sequence

from spacy.tokens import Doc, Span

from ..sentences import KEY, LABELS, labels_looked_for
from .reading import ALL_OTHERS, parse_entity_types


class EntityTypes:
    """Leaves out entities of the types that are not named, and renames the others."""

    def __init__(self, names: Sequence[str]):
        """names (Sequence[str]): Those of `ReadOptions.entity_types`. RAISES (DeepALError): As
        `parse_entity_types`."""
        self.renamed = parse_entity_types(names)
        self.keeps_others = not self.renamed or ALL_OTHERS in self.renamed
        self.renamed.pop(ALL_OTHERS, None)
        self._seen: set[str] = set()

    def reads(self, label: str) -> bool:
        """RETURNS (bool): Whether entities of a type of the data are kept."""
        return self.keeps_others or label in self.renamed

    def apply(self, doc: Doc) -> None:
        """Change the entities of a Doc in place. A word of one that is left out is O. If the Doc
        says for which types people have looked, and none of them is read, nothing is known of it.
        """
        if not self.renamed:
            return
        self._seen |= {ent.label_ for ent in doc.ents}
        others = [ent for ent in doc.ents if not self.reads(ent.label_)]
        read = (ent for ent in doc.ents if self.reads(ent.label_))
        kept = [Span(doc, ent.start, ent.end, self._name(ent.label_)) for ent in read]
        known = labels_looked_for(doc)
        looked_for = {self._name(label) for label in known if self._is_known(label, known)}
        if doc.has_annotation("ENT_IOB"):
            doc.set_ents(kept, outside=others, default="unmodified")
        if looked_for:
            doc.user_data[KEY][LABELS] = sorted(looked_for)
        elif known:
            del doc.user_data[KEY][LABELS]
            doc.set_ents(kept, default="missing")

    def absent(self) -> list[str]:
        """RETURNS (list[str]): The types that are named and that no entity has."""
        return [name for name in self.renamed if name not in self._seen]

    def _name(self, label: str) -> str:
        return self.renamed.get(label, label)

    def _is_known(self, label: str, known: frozenset[str]) -> bool:
        """RETURNS (bool): Whether people have looked for all types that are called as this one then
        is. known (frozenset[str]): Those for which they have."""
        name = self._name(label)
        same = {old for old, new in self.renamed.items() if new == name}
        if self.keeps_others and name not in self.renamed:
            same.add(name)
        return self.reads(label) and same <= known
