import pytest

from spacy_deepal.errors import DeepALError

from .build import read


@pytest.mark.parametrize("content", ["Zoë\n".encode("latin-1"), "Zoe".encode("utf-16")])
def test_a_file_that_is_not_utf8_is_reported_with_its_line(tmp_path, content):
    with pytest.raises(DeepALError, match=r"file\.txt:1: not UTF-8 .*iconv"):
        read(tmp_path, "text", content)
