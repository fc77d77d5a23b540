"""Read the config file of a run; an error in it is named with its line."""

import re
from configparser import Error as ConfigParserError
from pathlib import Path
from typing import Any

from spacy.util import CONFIG_SECTION_ORDER
from thinc.api import Config

from ..errors import DeepALError
from ..urls import local_path


def load_run_config(path: str | Path, overrides: dict[str, Any]) -> Config:
    """Load a config for `run_loop`, with values by dotted key as `spacy train` takes them.

    RAISES (DeepALError): There is no such file, it is not a config, or a variable in it stands for
        nothing. The message names the line.
    """
    path = local_path(path)
    if not path.is_file():
        raise DeepALError(
            f"There is no config file {path}. `python -m spacy deepal init-config {path}` writes "
            "one."
        )
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DeepALError(
            f"{path}, line {line} is not UTF-8: it has the byte {content[error.start]:#04x}. Save "
            "the file as UTF-8."
        ) from error
    try:
        config = Config(section_order=CONFIG_SECTION_ORDER)
        config = config.from_str(text, overrides=overrides, interpolate=False)
        config.interpolate()
        if not config:
            raise ValueError("the file is empty")
    except (ConfigParserError, ValueError, TypeError) as error:  # TypeError: a value has keys
        message = _in_one_line(str(error))
        found = _find_line(text, message)
        place = f"{path}, line {found}" if found else str(path)
        raise DeepALError(f"{place}: {message.rstrip('.')}. Correct the config.") from error
    return config


def _in_one_line(message: str) -> str:
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    useful = [line for line in lines if line != "Config validation error"]
    return re.sub(r"\s+", " ", " ".join(useful)).replace("'<string>'", "the file")


def _find_line(text: str, message: str) -> int | None:
    """RETURNS (int | None): The line that an error speaks of: by its number; by the value with a
    variable, or the section, that it quotes. None if it speaks of no line of the file."""
    if numbered := re.search(r"\bline:? (\d+)", message):
        return int(numbered[1])
    quoted = re.findall(r"'([^'\n]*\$\{[^'\n]*)'", message)
    sections = re.findall(r"(\S+(?: -> \S*)+)", message)
    parts = [value.strip('"') for value in quoted]
    parts += [f"[{'.'.join(name.split(' -> '))}]" for name in sections]
    for part in filter(None, parts):
        for number, line in enumerate(text.splitlines(), 1):
            if part in line:
                return number
    return None
