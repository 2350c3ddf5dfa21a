"""The process entry: `usercli` and `python -m usercli`."""

import gc
import sys


def main() -> None:
    """Run the command line and end the process with its exit code."""
    # Importing makes many objects that stay; collecting among them costs a quarter of the start-up.
    # The collector comes back when the database is opened (cli/invocation.py).
    gc.disable()
    from usercli.cli import run

    sys.exit(run())


if __name__ == "__main__":
    main()
