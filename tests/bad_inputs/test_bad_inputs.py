"""What comes out for bad inputs: one clear error, which names the place and a remedy.

texts.txt has the text of each error, so that a change of one is seen. After a change,
`python -m tests.bad_inputs.write` writes it anew. Read what has changed.
"""

import re

import pytest

from .cases import all_of_them
from .world import our_own, outcome, read_texts

BAD = {bad.name: bad for bad in all_of_them()}
TEXTS = read_texts()
# A verb that says what to do, or an option that does it.
REMEDY = re.compile(
    r"--\w|\b(Add|Begin|Choose|Convert|Correct|Give|Install|Keep|Leave|Let|Make|Name|Pack|Put|Raise"
    r"|Read|Restore|Save|Score|See|Try|Unpack|Use|Write|are read|must be|name|write|writes one"
    r"|needs?|should be|load Python code|Known|that exist|no file)\b"
)


@pytest.mark.parametrize("name", BAD)
def test_a_bad_input_is_one_error_that_names_the_place_and_a_remedy(name, world):
    status, text = outcome(BAD[name], world)
    assert status in (1, 2), text
    assert BAD[name].place in text
    assert "Traceback" not in text
    assert REMEDY.search(text), text
    assert TEXTS.get(name) == f"{status} {our_own(text)}"


def test_there_are_more_than_400_and_no_text_is_left_over():
    assert len(all_of_them()) == len(BAD) > 400
    assert TEXTS.keys() == BAD.keys()
