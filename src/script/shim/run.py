"""Starts the script: its prints go to the log, its events alone to Tallow."""

import os
import runpy
import sys

events = os.dup(1)
os.dup2(2, 1)
os.set_inheritable(events, False)
os.environ["TALLOW_EVENTS"] = str(events)
sys.path.insert(0, "/tallow")
sys.argv = ["/tallow/script.py"]
import tallow  # noqa: E402,F401  (from here on a request to stop is heard)

runpy.run_path("/tallow/script.py", run_name="__main__")
