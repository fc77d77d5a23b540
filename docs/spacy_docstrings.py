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
        if match := ENTRY.match(line):
            if not in_list:
                lines.append("")
            lines.append(f"- {_heading(match)}: {_escape(line[match.end() :])}")
        else:
            code = line.startswith("    ") and not in_list
            lines.append(line if code else _escape(line))
        in_list = bool(match) or (in_list and bool(line.strip()))
    return "\n".join(lines)


def _heading(match: re.Match) -> str:
    names = match["names"].split(", ")
    shown = ", ".join(f"**{n.lower()}**" if n.isupper() else f"`{n}`" for n in names)
    return f"{shown} (`{match['type']}`)" if match["type"] else shown


def _escape(line: str) -> str:
    """Let "y*", "PREFIX<n>" and "[text](LABEL)" stand as they are, outside of code."""
    parts = line.split("`")
    for i in range(0, len(parts), 2):
        for sign, escaped in (("*", r"\*"), ("<", "&lt;"), ("](", r"]\(")):
            parts[i] = parts[i].replace(sign, escaped)
    return "`".join(parts)
