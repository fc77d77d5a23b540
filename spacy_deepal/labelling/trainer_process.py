"""The background process of a labelled run, in which a `Trainer` works.

It speaks with the labelling page through files only, and can be killed at any moment:
    python -m spacy_deepal.labelling.trainer_process RUN_DIR GPU_ID PARENT
PARENT is the id of the process that starts it, and with which it ends.
"""

import os
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

from spacy.cli._util import import_code, setup_gpu

from ..errors import DeepALError
from ..progress import hide_progress_bars
from .trainer import Trainer

PAUSE = 0.2  # seconds between two looks at the journal
# Seconds to wait for an earlier process to end. One whose server was killed ends in a moment.
LOCK_PATIENCE = 10.0


def run_trainer(path: Path, use_gpu: int, parent: int) -> None:
    """Work until the process that started this one ends. parent (int): Its id. It may have ended
    already, so this process cannot ask for it."""
    threading.Thread(target=_end_with, args=[parent], daemon=True).start()
    hide_progress_bars()
    trainer = Trainer(path, use_gpu)
    code = trainer.run.job.code
    try:
        import_code(Path(code) if code else None)
        setup_gpu(use_gpu, silent=True)
        with trainer.run.folder.lock(LOCK_PATIENCE), closing(trainer):
            trainer.prepare()
            while True:
                if not trainer.step():
                    time.sleep(PAUSE)
    except DeepALError as error:
        status = trainer.status.model_copy(update={"step": "Stopped", "error": str(error)})
        trainer.run.labelling.write_status(status)
        raise


def _end_with(parent: int) -> None:
    """End this process when its parent has ended, so that the run is free for the next one."""
    while os.getppid() == parent:
        time.sleep(PAUSE)
    os._exit(1)


if __name__ == "__main__":
    run_trainer(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
