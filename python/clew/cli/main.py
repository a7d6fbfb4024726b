"""Where the ``clew`` command begins: before anything that takes time to load, so that Ctrl-C is answered from here on.

Exit codes: 0 done, 1 done with rejects, 2 usage, 3 input, 4 refused, 5 peer, 6 storage, 70 bug; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import sys

from clew.stopping import ctrl_c_is_kept, is_wished

__all__ = ["main"]

_STOPPED = 130
_STOPPED_TEXT = "Stopped. What was stored before is unchanged; what was logged stays logged."


def main() -> None:
    """Run the command line and end the process with its exit code."""
    os.umask(0o077)
    with ctrl_c_is_kept():
        try:
            from clew.cli.commands import run

            code = run()
        except KeyboardInterrupt:
            code = _stopped()
        except Exception:
            # A library that was stopped while it was loading may say so in words of its own.
            if not is_wished():
                raise
            code = _stopped()
    sys.exit(code)


def _stopped() -> int:
    print(_STOPPED_TEXT, file=sys.stderr)
    return _STOPPED
