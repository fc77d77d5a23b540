"""The house holds: rooms import only from rooms below, say what they are for, and stay small."""

import ast
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "spacy_deepal"

# From the top of the house to its ground floor. Modules outside a room, such as files.py, are the
# ground floor; docs/architecture.md says what each room is for.
ROOMS = [
    *("cli", "experiment", "report", "labelling", "annotation", "rounds"),
    *("acquisition", "vectors", "pool", "corpus", "tagger"),
]
GROUND_FLOOR = "ground floor"
FLOORS = {room: floor for floor, room in enumerate(reversed([*ROOMS, GROUND_FLOOR]))}

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40

MODULES = sorted(PACKAGE.rglob("*.py"))
OUTSIDE = sorted(
    path for folder in ("benchmarks", "projects") for path in (ROOT / folder).rglob("*.py")
)
TREES = {path: ast.parse(path.read_text(encoding="utf8")) for path in [*MODULES, *OUTSIDE]}


def place(path, line=None):
    """Where a reader finds it: `spacy_deepal/pool/shards.py:12`."""
    name = path.relative_to(ROOT).as_posix()
    return name if line is None else f"{name}:{line}"


def imports(path):
    """The line and the dotted name of each import, those inside functions and those that only a
    type checker reads included: an upward type is an upward arrow too."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = [*above, *(node.module or "").split(".")]
            for alias in node.names:
                yield node.lineno, ".".join([*filter(None, module), alias.name])


def room_of(name):
    """The room of a dotted name inside the package, such as `spacy_deepal.pool.shards.read`."""
    part = name.split(".")[1]
    return part if part in FLOORS else GROUND_FLOOR


def definitions(path):
    """The public functions and classes at the top level of a module."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    nodes = [node for node in TREES[path].body if isinstance(node, kinds)]
    return [node for node in nodes if not node.name.startswith("_")]


def constants(path):
    """The line and the name of each public constant or type alias at the top level of a module."""
    for node in TREES[path].body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for name in (target.id for target in targets if isinstance(target, ast.Name)):
            if name[0].isupper():
                yield node.lineno, name


def lines_of(function):
    """The lines of a function without those of its docstring."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is not None:
        lines -= function.body[0].end_lineno - function.body[0].lineno + 1
    return lines


def used_twice(pairs):
    """The names that stand in more than one place, each with its places."""
    found = defaultdict(list)
    for name, at in pairs:
        found[name].append(at)
    return [f"{name}: {', '.join(at)}" for name, at in sorted(found.items()) if len(at) > 1]


def told(rule, faults):
    """A rule, and a line for each fault."""
    return "\n".join([rule, *faults])


def test_every_folder_is_a_room_with_a_floor():
    assert {path.parent.name for path in PACKAGE.glob("*/__init__.py")} == set(ROOMS)


def test_a_room_imports_only_from_rooms_below():
    upward = [
        f"{place(path, line)} imports {name}"
        for path in MODULES
        if path.parent != PACKAGE
        for line, name in imports(path)
        if name.startswith("spacy_deepal.")
        and FLOORS[room_of(name)] > FLOORS[path.relative_to(PACKAGE).parts[0]]
    ]
    assert not upward, told("A room imports only from rooms below it:", upward)


def test_the_ground_floor_imports_from_no_room():
    upward = [
        f"{place(path, line)} imports {name}"
        for path in sorted(PACKAGE.glob("*.py"))
        if path.name != "__init__.py"  # it imports what it offers when that is used
        for line, name in imports(path)
        if name.startswith("spacy_deepal.") and room_of(name) != GROUND_FLOOR
    ]
    assert not upward, told("A module outside the rooms imports from none of them:", upward)


def test_the_package_imports_nothing_that_is_not_installed_with_it():
    outside = [
        f"{place(path, line)} imports {name}"
        for path in MODULES
        for line, name in imports(path)
        if name.split(".")[0] in ("benchmarks", "projects", "tests")
    ]
    assert not outside, told("The package does not know what stands beside it:", outside)


def test_no_module_leads_back_to_itself():
    """A reader who follows imports, those of types included, only goes down."""
    dotted = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in MODULES
    }

    def module_of(name):
        return name if name in dotted else module_of(name.rpartition(".")[0])

    graph = {
        module: {module_of(name) for _, name in imports(path) if name.startswith("spacy_deepal.")}
        for module, path in dotted.items()
    }
    try:
        TopologicalSorter(graph).prepare()
        circle = []
    except CycleError as error:
        circle = error.args[1]
    assert not circle, told("These modules import each other in a circle:", circle)


def test_benchmarks_and_projects_use_public_names_only():
    private = [
        f"{place(path, line)} imports {name}"
        for path in OUTSIDE
        for line, name in imports(path)
        if name.startswith("spacy_deepal.") and any(part[0] == "_" for part in name.split("."))
    ]
    assert not private, told("Benchmarks and projects use what a user can use:", private)


def test_only_the_thinc_glue_reaches_into_the_shim():
    """`model.shims[0]` is where Thinc keeps what is not its own. Nobody else needs to know."""
    glue = [PACKAGE / "tagger" / "model.py", PACKAGE / "tagger" / "shim.py"]
    glue.append(PACKAGE / "vectors" / "frozen_encoder.py")
    reaching = {
        place(path, node.lineno)
        for path, tree in TREES.items()
        if path not in glue
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "shims"
    }
    faults = sorted(reaching)
    assert not faults, told("Only the Thinc glue says `shims`:", faults)


def test_the_first_line_says_what_a_module_is_for():
    silent = [
        place(path)
        for path in MODULES
        if not path.read_text(encoding="utf8").startswith('"""')
        or len(ast.get_docstring(TREES[path]).partition("\n")[0].split()) < 3
    ]
    assert not silent, told(
        "A module begins with a docstring whose first line says its purpose:", silent
    )


def test_a_file_fits_the_eye():
    lengths = [(place(path), len(path.read_text(encoding="utf8").splitlines())) for path in TREES]
    long = [f"{name}: {lines} lines" for name, lines in lengths if lines > MAX_FILE_LINES]
    assert not long, told(f"A file over {MAX_FILE_LINES} lines wants to be two:", long)


def test_a_function_fits_the_eye():
    long = [
        f"{place(path, node.lineno)} {node.name}: {lines} lines"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := lines_of(node)) > MAX_FUNCTION_LINES
    ]
    assert not long, told(
        f"A function over {MAX_FUNCTION_LINES} lines wants a name for its middle:", long
    )


def test_a_name_means_one_thing():
    """A command of the command line may bear the name of the function that it calls."""
    names = [
        (node.name, place(path, node.lineno))
        for path in MODULES
        if path.parent.name != "cli"
        for node in definitions(path)
    ]
    names += [(name, place(path, line)) for path in MODULES for line, name in constants(path)]
    faults = used_twice(names)
    assert not faults, told("One name, one function, class or constant:", faults)


def test_no_two_files_bear_the_same_name():
    """A file of the command line is named after its command."""
    names = [
        (path.name, place(path))
        for path in MODULES
        if path.name != "__init__.py" and path.parent.name != "cli"
    ]
    faults = used_twice(names)
    assert not faults, told("One name, one file:", faults)
