"""`spacy project run` takes any --vars.NAME, also one that the project has no use for. Ours do not:
a misspelt one would run the demo instead of the user's data."""

from collections.abc import Sequence
from pathlib import Path

import srsly
from wasabi import msg

PROJECT_FILE = "project.yml"
TITLE = "spacy_deepal"  # of the projects that are checked


def unknown_vars(args: Sequence[str]) -> list[str]:
    """Find --vars that a project of ours does not have.

    args (Sequence[str]): The command line after `spacy`.
    RETURNS (list[str]): Their names, with what there is, as messages.
    """
    if list(args[:2]) not in (["project", "run"], ["project", "assets"]):
        return []
    names = [arg[7:].split("=")[0] for arg in args if arg.startswith("--vars.")]
    folders = [Path(arg) for arg in args[3:] if (Path(arg) / PROJECT_FILE).is_file()]
    file = (folders or [Path()])[0] / PROJECT_FILE
    if not names or not file.is_file():
        return []
    project = srsly.read_yaml(file)
    if not isinstance(project, dict) or project.get("title") != TITLE:
        return []
    known = project.get("vars", {})
    return [
        f"--vars.{name} is unknown to {file}. Known: {', '.join(known)}"
        for name in names
        if name.replace("-", "_") not in known
    ]


def check_project_vars(args: Sequence[str]) -> None:
    """Print what `unknown_vars` finds and exit with status 1."""
    if unknown := unknown_vars(args):
        msg.fail("Unknown project variables", "\n".join(unknown), exits=1)
