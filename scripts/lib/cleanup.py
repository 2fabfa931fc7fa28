"""What a run has made is taken away again, also after a failure, and the first error is the one that is seen."""

import signal
import sys


class Cleanup:
    """Steps for the end of a block, run last to first in any case, every one of them even if another fails.

    The error that leaves the block is the first one: that of the block itself, or of the step that failed first. Later
    ones are printed to stderr.
    """

    def __init__(self):
        self.steps = []

    def after(self, step, *arguments):
        """Notes a step for the end."""
        self.steps.append((step, arguments))

    def keep(self):
        """Drops the steps: all went well, and the caller removes what was made."""
        self.steps.clear()

    def __enter__(self):
        return self

    def __exit__(self, _, error, __):
        first = error
        while self.steps:
            step, arguments = self.steps.pop()
            try:
                step(*arguments)
            except BaseException as failure:  # also Ctrl-C: the other steps must run
                if first is None:
                    first = failure
                else:
                    print(f"while cleaning up: {type(failure).__name__}: {failure}", file=sys.stderr)
        if first is not error:
            raise first


def clean_up_when_told_to_end():
    """Lets SIGTERM end the program as Ctrl-C does: through every step of its cleanup."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
