"""Show docstrings in spaCy's style ("name (type): meaning.") as lists."""

import re
from typing import Any

import griffe

NAMES = r"[a-z_]\w*(?:, [a-z_]\w*)*"
TYPE = r"(?P<type>[^()]*(?:\([^()]*\)[^()]*)*)"
# At the beginning of a line: "beam_width (int): ", "width, layers: ", "RETURNS (int): ".
ENTRY = re.compile(rf"(?P<names>{NAMES}|RETURNS|YIELDS|RAISES)(?: \({TYPE}\))?: ")


class SpacyDocstrings(griffe.Extension):
    """Rewrites each docstring before it is rendered."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Called with each object of the package."""
        if obj.docstring:
            obj.docstring.value = as_markdown(obj.docstring.value)


def as_markdown(text: str) -> str:
    """RETURNS (str): The docstring with a list item for each argument, for RETURNS and the like."""
    lines: list[str] = []
    in_list = False
    for line in text.splitlines():
        match = ENTRY.match(line)
        if match and not in_list:
            lines.append("")
        if match:
            line = f"- {_heading(match)}: {line[match.end() :]}"
        elif not line.strip():
            in_list = False
        in_list = in_list or bool(match)
        lines.append(line)
    return "\n".join(lines)


def _heading(match: re.Match) -> str:
    names = match["names"].split(", ")
    shown = ", ".join(f"**{n.lower()}**" if n.isupper() else f"`{n}`" for n in names)
    return f"{shown} (`{match['type']}`)" if match["type"] else shown
