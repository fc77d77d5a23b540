"""On what machine something was measured, and how long it took."""

import json
import multiprocessing
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

JsonFile = Annotated[Path | None, typer.Option("--json", help="Where the figures go")]


def machine() -> str:
    """RETURNS (str): Processor, the instructions that torch uses, cores, versions."""
    cores = multiprocessing.cpu_count()
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        lines = info.read_text(encoding="utf8").splitlines()
        name = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), name)
    name = f"{name} ({torch.backends.cpu.get_cpu_capability()}), {cores} cores"
    return f"{name}, Python {platform.python_version()}, torch {torch.__version__}"


def clock() -> float:
    """RETURNS (float): Seconds, of CPU time with one thread, else of wall time."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def timed(work: Callable[[], Any]) -> float:
    """RETURNS (float): The seconds that the work takes."""
    start = clock()
    work()
    return clock() - start


def rounded(seconds: dict[str, float]) -> dict[str, float]:
    """RETURNS (dict): Seconds with two digits."""
    return {step: round(value, 2) for step, value in seconds.items()}


def write_figures(file: Path | None, figures: dict[str, Any]) -> None:
    """Write figures, and the machine that they come from, as JSON; to no file, nothing."""
    if file:
        found = {"machine": machine(), **figures}
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf8")
