"""Damages papers at random and has them read: looks for panics, crashes, hangs and memory without bound.

python benches/fuzz_papers.py TALLOW FOUND PAPER... [--minutes 60] [--seed 0]   needs Linux

PAPERs (PDF, LaTeX, tar.gz, Markdown, text) are the seeds. Each case is drawn by its number, so `--seed` and a case's number make it again.
A case that the program answers with a paper (0) or an orderly refusal (2 to 29) is well; whatever else, more than 5 s of processor time or
more than 1 GB is kept in FOUND. The last line tells how many cases there were and the most that any took.
"""

import argparse
import collections
import gzip
import os
import pathlib
import random
import subprocess
import time

SECONDS, BYTES = 5.0, 1 << 30
# What decides how a file is read: names, sizes, references, filters, macros.
SPICES = [
    b"/Length 99999999999", b"/Length -1", b"/Kids [1 0 R 1 0 R]", b"/Parent 1 0 R", b"/Filter [/FlateDecode /FlateDecode]",
    b"/Filter /ASCII85Decode", b"/Predictor 15 /Columns 2147483647", b"/W [8 8 8]", b"/Index [0 2147483647]", b"0 0 R", b"65535 f",
    b"/FontMatrix [0 0 0 0 0 0]", b"[(", b"]TJ", b"1e308 0 0 -1e308 0 0 cm", b"NaN Tf", b"BI ID EI", b"stream\r\n", b"endstream", b"endobj",
    b"\\def\\a{\\a\\a}\\a", b"\\input{/etc/passwd}", b"\\begin{tabular}{*{99999}{c}}", b"\\multicolumn{-1}{c}{", b"\\multirow{99999}{*}{",
    b"{" * 2000, b"\\" * 500, b"&" * 3000, b"$" * 999, b"\xff\xfe", b"\xf0\x9f", "\u0301".encode() * 400, b"|" * 2000, b"<table>" * 300, b"\0" * 64,
]


def damaged(draw, seeds):
    """Bytes of one of the seeds after one to twelve damages, and the seed's name."""
    name, whole = draw.choice(seeds)
    data = bytearray(whole)
    packed = name.endswith(".gz") and draw.random() < 0.7
    if packed:
        data = bytearray(gzip.decompress(whole))
    for _ in range(draw.choice([1, 1, 2, 4, 12])):
        at, length = draw.randrange(len(data) + 1), draw.choice([1, 2, 8, 64, 1000, 20000])
        kind = draw.randrange(8)
        if kind == 0:
            data[at : at + length] = bytes(draw.randrange(256) for _ in range(min(length, 64)))
        elif kind == 1:
            del data[at : at + length]
        elif kind == 2:
            data[at:at] = draw.choice(SPICES)
        elif kind == 3:
            data[at:at] = data[at : at + length] * draw.choice([1, 2, 30])
        elif kind == 4:
            other = draw.choice(seeds)[1]
            start = draw.randrange(len(other) + 1)
            data[at : at + length] = other[start : start + length]
        elif kind == 5 and draw.random() < 0.2:
            del data[at:]
        elif kind == 6:
            digits = [i for i in range(at, min(at + 4000, len(data))) if 48 <= data[i] < 58]
            for i in digits[: draw.choice([1, 3, 50])]:
                data[i] = draw.choice(b"0123456789")
        elif data:
            data[min(at, len(data) - 1)] ^= 1 << draw.randrange(8)
    return name, gzip.compress(bytes(data), 1) if packed else bytes(data)


def read(tallow, path):
    """How the program ended on it, its processor seconds and its largest process in bytes, what it wrote to stderr."""
    command = [tallow, "read", "--fields", "--offline", "--threads", "1", str(path)]
    with open(f"{path}.err", "wb+") as err:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=err)
        limit = time.monotonic() + 120
        while True:
            done, status, used = os.wait4(child.pid, os.WNOHANG)
            if done:
                break
            if time.monotonic() > limit:
                child.kill()
            time.sleep(0.005)
        child.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        said = err.read().decode("utf8", "replace")
    os.remove(f"{path}.err")
    return child.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tallow")
    parser.add_argument("found", type=pathlib.Path)
    parser.add_argument("papers", nargs="+", type=pathlib.Path)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.found.mkdir(parents=True, exist_ok=True)
    seeds = [(p.name, p.read_bytes()) for p in given.papers]
    end, case = time.monotonic() + 60 * given.minutes, 0
    endings, slowest, largest, kept = collections.Counter(), 0.0, 0, 0
    while time.monotonic() < end:
        draw = random.Random(f"{given.seed} {case}")
        name, data = damaged(draw, seeds)
        path = given.found / f"{given.seed}-{case}-{name}"
        path.write_bytes(data)
        code, secs, size, said = read(given.tallow, path)
        endings[code] += 1
        slowest, largest = max(slowest, secs), max(largest, size)
        if (code == 0 or 2 <= code < 30) and "panicked" not in said and secs <= SECONDS and size <= BYTES:
            path.unlink()
        else:
            kept += 1
            print(f"{path}: exit code {code}, {secs:.1f} s, {size >> 20} MiB: {said.strip()[-300:]}", flush=True)
        case += 1
    told = ", ".join(f"{count} with exit code {code}" for code, count in sorted(endings.items()))
    print(f"{case} cases: {told}; at most {slowest:.2f} s and {largest >> 20} MiB; {kept} kept")


if __name__ == "__main__":
    main()
