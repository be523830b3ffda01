"""How much memory data needs that is larger than memory: makes a Parquet file of texts, links it several times, trains MiniLM on all of
them for three steps, and tells of each worker the most that it held, anonymous memory and pages of mapped files apart.

python benches/large.py TALLOW HUB FOLDER [--gigabytes 1] [--links 10] [--characters 10000]   needs pyarrow, and Linux

HUB is a folder in the Hub's layout with sentence-transformers/all-MiniLM-L6-v2. FOLDER is made, needs room for the file and twice what is
prepared of it, and is removed. Numbers are those of `/proc/PID/status`, read every 50 ms: RssAnon (heap and stacks) and RssFile (pages of
files, which the system may take back); `peak` is the kernel's own count of both together (VmHWM), which misses nothing between two looks.
"""

import argparse
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import time

SPEC = """
version = 1
title = "Large data"
task = "text_classification"
metric = "accuracy"
seeds = [0]

[data]
train = "train"
held_out = "test"
source = { kind = "local", path = "DATA" }
monitor = { kind = "none" }

[data.columns]
input = ["text"]
label = "label"

[model]
kind = "pretrained"
id = "sentence-transformers/all-MiniLM-L6-v2"

[recipe]
lr = 5e-5
batch_size = 4
max_seq_len = 128
length = { steps = 3 }

[recipe.optimizer]
kind = "adamw"

[recipe.schedule]
kind = "linear"
warmup = { frac = 0.0 }
"""


def texts(count, characters, seed):
    """English-like texts of a fixed vocabulary, no two alike."""
    draw = random.Random(seed)
    letters = "etaoinshrdlucmfwypvbgk"
    words = ["".join(draw.choices(letters, k=draw.randint(2, 9))) for _ in range(20_000)]
    for number in range(count):
        # Words are drawn in runs: a text of ten thousand letters takes no longer than a short one.
        parts, length = [f"{seed} {number}"], 0
        while length < characters:
            at = draw.randrange(len(words) - 40)
            run = " ".join(words[at : at + 40])
            parts.append(run)
            length += len(run) + 1
        yield " ".join(parts)[:characters]


def write(path, rows, characters, seed):
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("text", pa.string()), ("label", pa.string())])
    with pq.ParquetWriter(path, schema, compression="none", use_dictionary=["label"]) as out:
        source, left = texts(rows, characters, seed), rows
        while left:
            size = min(left, max(1, (32 << 20) // characters))
            chunk = [next(source) for _ in range(size)]
            out.write_table(pa.table({"text": chunk, "label": ["ab"[i % 2] for i in range(size)]}, schema))
            left -= size


def status(pid):
    """Bytes by name, of a process that may have ended."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return {}
    return {name: int(kib) << 10 for name, kib in re.findall(r"^(RssAnon|RssFile|VmHWM):\s+(\d+) kB", text, re.M)}


def below(pid):
    """The processes that it started, and those that they did."""
    found, waiting = [], [pid]
    while waiting:
        try:
            children = pathlib.Path(f"/proc/{waiting[0]}/task/{waiting.pop(0)}/children").read_text().split()
        except OSError:
            continue
        found += children
        waiting += children
    return found


def watch(process, run):
    """The most of each number, by what was worked on."""
    most = {}
    while process.poll() is None:
        ledger = run / "ledger.jsonl"
        rows = ledger.read_text().splitlines() if ledger.exists() else []
        begun = [json.loads(row)["record"] for row in rows if '"attempt_started"' in row and row.endswith("}")]
        job = begun[-1]["run"] if begun else "survey"
        for pid, name in [(str(process.pid), "tallow itself"), *((pid, job) for pid in below(process.pid))]:
            held = most.setdefault(name, {})
            for key, value in status(pid).items():
                held[key] = max(held.get(key, 0), value)
        time.sleep(0.05)
    return most


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("hub")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--gigabytes", type=float, default=1.0, help="of the one file")
    parser.add_argument("--links", type=int, default=10)
    parser.add_argument("--characters", type=int, default=10_000, help="of a text")
    args = parser.parse_args()
    args.folder.mkdir()
    try:
        data = args.folder / "data"
        data.mkdir()
        rows = int(args.gigabytes * 1e9 / args.characters)
        write(data / "train-0.parquet", rows, args.characters, 1)
        for number in range(1, args.links):
            os.link(data / "train-0.parquet", data / f"train-{number}.parquet")
        write(data / "test.parquet", 1000, args.characters, 2)
        spec, run = args.folder / "spec.toml", args.folder / "run"
        spec.write_text(SPEC.replace("DATA", str(data.resolve())))
        begun = time.time()
        with open(args.folder / "log", "w") as log:
            command = [args.program, "train", str(spec), "--hub", args.hub, "--out", str(run)]
            process = subprocess.Popen(command, stdout=log, stderr=log)
            most = watch(process, run)
        if process.returncode != 0:
            sys.exit((args.folder / "log").read_text()[-2000:])
        size = sum(file.stat().st_size for file in data.glob("train-*"))
        print(f"{size / 1e9:.2f} GB in {args.links} file(s), {rows * args.links:,} texts of {args.characters} letters, {time.time() - begun:.0f} s")
        print("| worker | anonymous MiB | mapped MiB | peak MiB |\n|---|---|---|---|")
        for name, held in most.items():
            cells = [f"{held.get(key, 0) / (1 << 20):.0f}" for key in ("RssAnon", "RssFile", "VmHWM")]
            print(f"| {name} | {' | '.join(cells)} |")
    finally:
        shutil.rmtree(args.folder)


if __name__ == "__main__":
    main()
