"""Torch in a forked process, such as a child of `nlp.pipe(n_process=2)`."""

import os

import torch


class ForkGuard:
    """Notices that the process was forked after this object was made. A copy is made anew."""

    def __init__(self) -> None:
        self._process = os.getpid()

    def __reduce__(self) -> tuple[type["ForkGuard"], tuple[()]]:
        return ForkGuard, ()

    def settle(self) -> None:
        """Use one thread of torch in a forked process: it would wait for ever for the threads of
        its parent, which do not survive a fork."""
        if self._process != os.getpid():
            torch.set_num_threads(1)
            self._process = os.getpid()
