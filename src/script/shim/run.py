"""Starts the script: its prints go to the log, its events alone to Tallow."""

import os
import runpy
import sys
import threading

events = os.dup(1)
os.dup2(2, 1)
os.set_inheritable(events, False)
os.environ["TALLOW_EVENTS"] = str(events)
sys.path.insert(0, "/tallow")
sys.argv = ["/tallow/script.py"]


def _end_with_tallow():
    """Whoever watches holds the other end of our stdin; when it is gone, so are we."""
    while os.read(0, 1):
        pass
    os._exit(137)


threading.Thread(target=_end_with_tallow, daemon=True).start()
import tallow  # noqa: E402,F401  (from here on a request to stop is heard)

runpy.run_path("/tallow/script.py", run_name="__main__")
