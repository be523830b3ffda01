"""Starts the script: its prints go to the log, its events alone to Tallow."""

import ctypes
import errno
import os
import runpy
import signal
import struct
import sys
import threading


def _filter_calls():
    """On top of the engine's own filter, which lets io_uring through in older versions: a way around every other filter."""
    first, last, foreign = 425, 427, 0x40000000  # io_uring_setup to io_uring_register, on every architecture; calls of the x32 interface
    load, at_least, above, give = 0x20, 0x35, 0x25, 0x06
    denied, allowed = 0x00050000 | 38, 0x7FFF0000  # ENOSYS
    program = [
        (load, 0, 0, 0),
        (at_least, 3, 0, foreign),
        (at_least, 0, 1, first),
        (above, 0, 1, last),
        (give, 0, 0, allowed),
        (give, 0, 0, denied),
    ]
    code = b"".join(struct.pack("HBBI", *one) for one in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    rules = struct.pack("HxxxxxxP" if struct.calcsize("P") == 8 else "HxxP", len(program), ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.create_string_buffer(rules, len(rules)), 0, 0):
        sys.exit("the system calls of the script could not be filtered: " + os.strerror(ctypes.get_errno()))


def _end_with_tallow(read=os.read, leave=os._exit):
    """Whoever watches holds the other end of our stdin; when it is gone, so are we. By what `os` has now: a script shares the module."""
    while read(0, 1):
        pass
    leave(137)


_acts = {}
_WATCHED = ("open", "os.", "socket.", "subprocess.", "shutil.", "ctypes.dlopen")
_REFUSALS = {errno.EPERM, errno.EACCES, errno.EROFS, errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}


def _note_act(event, _arguments):
    """The last thing that a thread asked of the system, for the record of what it was refused."""
    if event.startswith(_WATCHED):
        _acts[threading.get_ident()] = event


def _refusal(error):
    """The system's refusal that an exception comes from, or None."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and (error.errno in _REFUSALS or type(error).__name__ == "gaierror"):
            return error
        reason = getattr(error, "reason", None)
        error = reason if isinstance(reason, BaseException) else error.__cause__ or error.__context__
    return None


# The first process of a container is deaf to what it does not ask for.
signal.signal(signal.SIGTERM, lambda _signal, _frame, leave=os._exit: leave(143))
events = os.dup(1)
os.dup2(2, 1)
os.environ["TALLOW_EVENTS"] = str(events)
sys.path.insert(0, "/tallow")
sys.argv = ["/tallow/script.py"]
_filter_calls()
threading.Thread(target=_end_with_tallow, daemon=True).start()
import tallow  # noqa: E402,F401  (from here on a request to stop is heard)

# What the script has yet to tell is told by it alone.
os.register_at_fork(after_in_child=lambda: setattr(tallow, "_untold", None))
sys.addaudithook(_note_act)
tallow._tell("began")
try:
    runpy.run_path("/tallow/script.py", run_name="__main__")
except Exception as error:
    act, refused = _acts.get(threading.get_ident(), "a system call"), _refusal(error)
    if refused is not None:
        path = refused.filename if isinstance(refused.filename, str) else None
        tallow._tell_last_step()
        tallow._tell("refused", what=act, path=path, error=str(refused)[:300])
    raise
except SystemExit as ended:
    if not isinstance(ended.code, (int, type(None))) and not isinstance(ended, tallow.Diverged):
        tallow._tell_last_step()
        tallow._tell("exited", message=str(ended.code)[:1000])
    raise
