"""Edits of a file's content: pieces that mean something to readers in the place of others."""

from hypothesis import strategies as st

PIECES = [
    *(bytes([byte]) for byte in b'\t\n\r "{}[],:-#O019|_=;'),
    *(b"null", b"1e9", b"9" * 30, b"\\ud800", b"B-", b"I-X", b"# text = ", "\ufeff".encode()),
]
TEXT = st.sampled_from(PIECES) | st.text(max_size=3).map(str.encode)
BYTES = st.sampled_from([*PIECES, b"\xff"]) | st.binary(max_size=3)  # mostly no text


def edits(pieces, fewest=0):
    """Lists of edits: where each is, as a share of the content; how many bytes go; what comes."""
    edit = st.tuples(st.floats(0, 1), st.integers(0, 30), pieces)
    return st.lists(edit, min_size=fewest, max_size=5)


def edited(content, made):
    """The content with pieces put in the place of others."""
    for at, gone, piece in made:
        place = int(at * len(content))
        content = content[:place] + piece + content[place + gone :]
    return content
