"""The process entry: `usercli` and `python -m usercli`."""

import gc
import os
import sys

_BY_SIGNAL = 128


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # Importing makes many objects that stay; collecting among them costs a quarter of the start-up.
    # The collector comes back when the database is opened (cli/context.py).
    gc.disable()
    from usercli.cli.main import run

    code = run()
    if code > _BY_SIGNAL:
        os._exit(code)  # the interpreter's own end would wait for a thread that still reads, or hashes
    sys.exit(code)


if __name__ == "__main__":
    main()
