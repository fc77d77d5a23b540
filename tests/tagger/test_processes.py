"""`nlp.pipe(n_process=2)`."""

import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from .build import SENTENCES

CODE = """
import sys
import torch
from tests.tagger.build import SENTENCES, entities_of, make_nlp, train

torch.set_num_threads(1)  # to train two threads of a busy machine wait for each other
if __name__ == "__main__":
    if len(sys.argv) > 1:
        import multiprocessing
        multiprocessing.set_start_method(sys.argv[1])
    nlp = make_nlp()
    train(nlp, 60)
    torch.set_num_threads(2)
    torch.randn(1000, 1000) @ torch.randn(1000, 1000)  # wakes torch's threads
    texts = [words for words, _ in SENTENCES] * 20
    one = [entities_of(doc) for doc in nlp.pipe(texts)]
    two = [entities_of(doc) for doc in nlp.pipe(texts, n_process=2, batch_size=10)]
    assert any(one)
    assert one == two
    assert torch.get_num_threads() == 2
    print("equal")
"""


def test_two_processes_annotate_as_one_does(nlp):
    texts = [words for words, _ in SENTENCES] * 10

    def annotations(docs):
        return [[(token.ent_iob, token.ent_type_) for token in doc] for doc in docs]

    one = annotations(nlp.pipe(texts))
    assert annotations(nlp.pipe(texts, n_process=2, batch_size=7)) == one


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_two_processes_work_when_torch_has_several_threads(start_method, tmp_path):
    """The threads of torch do not survive a fork: a child that needs them would hang for ever."""
    if start_method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {start_method}")
    script = tmp_path / "script.py"
    script.write_text(CODE)
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "PYTHONPATH": os.getcwd()}
    process = subprocess.Popen(
        [sys.executable, str(script), start_method],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        output, errors = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        pytest.fail("the processes hang")
    assert process.returncode == 0, errors
    assert output == "equal\n"
