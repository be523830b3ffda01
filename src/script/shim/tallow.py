"""What a training script tells Tallow, and what it is told. One page; needs Python 3.8 and nothing else.

    import tallow

    micro_batch, accumulate = tallow.batch(32)      # forward passes that fit; always micro_batch * accumulate == 32
    lr = tallow.lr(3e-4)                            # lowered after a run that diverged
    step = 0
    if tallow.resume:                               # the last checkpoint of an attempt before, or None
        step = load(tallow.resume)
    tallow.start(total_steps=1000, step=step)
    while step < 1000 and not tallow.stopping():
        loss = train_one_step()
        step += 1
        tallow.step(step, loss=loss, lr=lr)         # ends the script where the loss is not finite
        if step % 100 == 0:
            save(tallow.out / "new.pt")             # whole before it has its name: until then the one before is there
            (tallow.out / "new.pt").replace(tallow.out / "checkpoint.pt")
            tallow.checkpoint(step, "checkpoint.pt")
            tallow.metric("accuracy", accuracy(), step=step)
    if tallow.held_out:                             # JSON lines without their answers, where some are held out
        tallow.predict(model(json.loads(line)) for line in open(tallow.held_out))
    tallow.finish(step)

`tallow.data` is the folder of the data, read-only; `tallow.out` the only one that can be written, besides a small /tmp. There is no
network. What the script prints goes to its log.
"""

import atexit
import json
import math
import os
import pathlib
import signal
import time

data = pathlib.Path(os.environ.get("TALLOW_DATA", "/data"))
out = pathlib.Path(os.environ.get("TALLOW_OUT", "/out"))
_held_out = os.environ.get("TALLOW_HELD_OUT")
held_out = pathlib.Path(_held_out) if _held_out else None
seed = int(os.environ.get("TALLOW_SEED", "0"))
_resume = os.environ.get("TALLOW_RESUME")
resume = pathlib.Path(_resume) if _resume else None

_parts = int(os.environ.get("TALLOW_BATCH_PARTS", "1"))
_lr_scale = float(os.environ.get("TALLOW_LR_SCALE", "1"))
_events = os.fdopen(int(os.environ.get("TALLOW_EVENTS", "1")), "w", buffering=1, encoding="utf-8")
_asked = False
_often = 0.1  # seconds: of steps that end sooner after one another only some are told, and the last
_told_at = None
_untold = None


class Diverged(SystemExit):
    """The loss is not finite: nothing after it is worth its time."""


def _line(event, **fields):
    return json.dumps({"event": event, **fields}, allow_nan=False) + "\n"


def _write(line):
    _events.write(line)
    _events.flush()


def _tell(event, **fields):
    _write(_line(event, **fields))


@atexit.register
def _tell_last_step():
    """Tells the step that was not told because another had just been."""
    global _untold
    line, _untold = _untold, None
    if line is not None:
        _write(line)


def _number(value):
    """A plain float of a number, a tensor with one element, or anything else that has `item`."""
    return float(value.item() if hasattr(value, "item") else value)


def batch(size):
    """`(micro_batch, accumulate)` whose product is `size`: smaller forward passes after running out of memory, the same steps."""
    parts = next(n for n in range(min(_parts, size), size + 1) if size % n == 0)
    _tell("batch", size=size, micro_batch=size // parts)
    return size // parts, parts


def lr(value):
    """The learning rate to take in place of `value`."""
    used = _number(value) * _lr_scale
    _tell("lr", value=used)
    return used


def start(total_steps, step=0):
    """Training begins, or goes on after `step` steps."""
    _tell("started", step=int(step), total_steps=int(total_steps))


def step(number, loss, lr=None):
    """`number` steps are done; `loss` is the mean over what the last one saw. Told ten times a second at most, the last one always."""
    global _told_at, _untold
    value = _number(loss)
    if not math.isfinite(value):
        _tell_last_step()
        _tell("diverged", step=int(number), value=str(value))
        raise Diverged("the loss is " + str(value) + " at step " + str(number))
    _untold = _line("step", step=int(number), loss=value, lr=None if lr is None else _number(lr))
    now = time.monotonic()
    if _told_at is None or now - _told_at >= _often:
        _told_at = now
        _tell_last_step()


def metric(name, value, step=None):
    """What the script measured itself, by any name."""
    value = _number(value)
    if math.isfinite(value):
        _tell("metric", name=str(name), value=value, step=None if step is None else int(step))
    else:
        _tell("note", message="the metric " + str(name) + " is " + str(value) + " and is not told")


def checkpoint(step, path):
    """`path`, below `tallow.out`, is whole on disk and holds all that an attempt after this one needs to go on."""
    whole = (out / path).resolve()
    _tell_last_step()
    _tell("checkpoint", step=int(step), path=str(whole.relative_to(out.resolve())))


def predict(values):
    """What the model says of each held-out example, in the order of the lines of `tallow.held_out`: Tallow scores it."""
    with open(out / "predictions.jsonl", "w", encoding="utf-8") as file:
        for value in values:
            file.write(json.dumps(value.item() if hasattr(value, "item") else value) + "\n")


def stopping():
    """Whether the script was asked to stop: write a checkpoint, call `finish`, and end."""
    return _asked


def finish(step):
    """All that was to be done is done, or after `stopping()` what could be."""
    _tell_last_step()
    _tell("stopped" if _asked else "finished", step=int(step))


def _ask(_signal, _frame):
    global _asked
    _asked = True


signal.signal(signal.SIGTERM, _ask)
