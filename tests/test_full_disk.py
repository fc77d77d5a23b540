"""Commands on a small disk of its own, until it is full: each names what it could not write."""

import subprocess

import pytest

from .pools import call, make_docs, make_pipeline, write_pools

ROOM = 600_000  # bytes


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A folder with a pool, texts and a model."""
    folder = tmp_path_factory.mktemp("world")
    write_pools(folder, pool=make_docs(800, 1))
    for name in ("train", "dev", "test"):
        (folder / "texts").mkdir(exist_ok=True)
        lines = (f"Mia left number {name} {n} {n * n}.\n" for n in range(500))
        (folder / "texts" / f"{name}.txt").write_text("".join(lines))
    make_pipeline(make_docs(5, 1)).to_disk(folder / "model")
    return folder


@pytest.fixture
def disk(world):
    """A small disk."""
    place = world / "disk"
    place.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "none", place]
    try:
        done = subprocess.run(mount, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no mount here")
    if done.returncode:
        pytest.skip("only root may mount a disk")
    yield place
    subprocess.run(["umount", place], check=True)


def fill(disk, left):
    """Leave so many bytes."""
    (disk / "others").write_bytes(bytes(ROOM // 4096 * 4096 - left))


@pytest.mark.parametrize("left", [0, 8192])
@pytest.mark.parametrize(
    ("args", "written"),
    [
        (["convert", "pool", "disk/out"], "out/"),
        (["prepare", "texts", "disk/out", "--lang", "xx"], "out/"),
        (["export", "pool", "disk/out.jsonl", "--format", "jsonl"], "out.jsonl"),
        (["vectors", "pool", "disk/out", "--from-text", "--dim", "50", "--lang", "xx"], "out"),
        (["score", "model", "pool", "disk/out"], "out/shard_0"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_full_disk_is_named_and_nothing_half_written_stays(
    args, written, left, world, disk, monkeypatch
):
    monkeypatch.chdir(world)
    fill(disk, left)
    status, output = call(*args)
    assert status == 1
    assert f"disk/{written}" in output
    assert "cannot be written: No space left on device. Make room there" in output
    assert ".part" not in output
    found = {path.name for path in disk.rglob("*")} - {"others", "out", ".lock"}
    assert all(name.startswith("shard_0") and name.endswith(".json") for name in found)
