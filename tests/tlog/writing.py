# SPDX-License-Identifier: AGPL-3.0-or-later
"""A writer process to be killed: `python -m tests.tlog.writing FOLDER RUN`. It says what it promised, line by line.

`open <size>` the log as found; `appended <size>` acknowledged; `signed <size> <root>` a signature left the process;
`kept <size>` published; `end`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sunporch.tlog.storage import DirectoryStorage
from sunporch.tlog.writer import Writer
from tests.tlog.logs import LOG_KEY, POLICY, publish

STEPS = (3, 254, 2)


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def main(folder: Path, run: str) -> None:
    with Writer(DirectoryStorage(folder)) as writer:
        say("open", writer.size)
        for step, count in enumerate(STEPS):
            # Different in every run: a second root for a size could not stay hidden.
            writer.append([f"run {run} step {step} leaf {number}".encode() for number in range(count)])
            say("appended", writer.size)
            note = writer.sign_checkpoint(LOG_KEY)
            head = POLICY.open_signed(note.encode(), LOG_KEY.name).checkpoint
            say("signed", head.size, head.root.hex())
            publish(writer)
            say("kept", writer.kept_size)
    say("end")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
