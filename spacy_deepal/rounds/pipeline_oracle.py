"""The oracle that labels by another pipeline: what its labels teach is seen on dev and test."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from spacy.tokens import Doc

from ..sentences import KEY
from .oracle import Oracle
from .other_pipeline import OtherPipeline
from .run_folder import RunFolder

LABELLED_BY = "labelled_by"  # a key of doc.user_data["deepal"]


class PipelineOracle(Oracle):
    """`spacy_deepal.PipelineOracle.v1`: any pipeline that spaCy can load labels the batches. It
    sees their words alone. Dev and test keep the labels that people gave them.

    pipeline, types: As for `OtherPipeline`.
    """

    def __init__(self, pipeline: str, types: Mapping[str, str] | None = None):
        self.other = OtherPipeline(pipeline, types)

    def check(self, docs: Iterable[Doc]) -> None:
        """RAISES (DeepALError): The pipeline cannot be loaded."""
        self.other.load()

    def label(self, docs: Sequence[Doc], folder: Path) -> Iterable[Doc]:
        """Label sentences, and note in each who did: `doc.user_data["deepal"]["labelled_by"]` is
        the name of the pipeline. Entities that the pool has are not looked at.

        RAISES (DeepALError): As `OtherPipeline.check`.
        """
        labels = RunFolder(folder.parent).labels
        self.other.check(labels)
        self.other.label(docs, labels)
        for doc in docs:
            doc.user_data[KEY][LABELLED_BY] = self.other.name
        return docs
