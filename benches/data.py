"""Times how data gets ready in Tallow and in Python, in turns, and prints medians, minima and their ratios.

python benches/data.py TALLOW HUB [--rounds N] [--images N] [--epoch EXAMPLE]   needs datasets, tokenizers, torch and torchvision

TALLOW is the program, HUB a folder in the Hub's layout with nyu-mll/glue, uoft-cs/cifar10 and sentence-transformers/all-MiniLM-L6-v2.

- texts: all of SST-2's training split, from Parquet to token ids on disk or in memory, cut to 128 tokens. Tallow: its `prepare` worker
  from start to end, jail and writing with it, as the run's ledger has it. Python: `load_dataset` and a batched `map` with `tokenizers`, nothing cached,
  without the time of imports.
- images: CIFAR-10's training split, PNG within Parquet. Tallow: its `prepare` worker, which decodes each once, for all epochs. Python:
  torchvision's decoding, crop and flip in a DataLoader of two workers, as each epoch does.
- with `--epoch EXAMPLE` (what `cargo build --release --example images` makes) that alone, like for like, of the same bytes, as PNG and made
  JPEG (quality 90) beforehand: an epoch's images decoded, cropped out of a margin of 4, mirrored, scaled and put into batches of 128, by two threads or by two
  workers. Tallow decodes once, so a later epoch is the second half alone; that is told, too.
"""

import argparse
import glob
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

PRESETS = pathlib.Path(__file__).parent.parent / "presets"


def tallow(program, hub, preset, more):
    """Seconds of the worker that prepares the training split, and its examples; the run is ended when it is ready."""
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder) / "run"
        command = [program, "train", str(PRESETS / preset), "--hub", hub, "--out", str(run), "--json", *more]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            while process.poll() is None:
                ledger = run / "ledger.jsonl"
                lines = ledger.read_text().splitlines() if ledger.exists() else []
                rows = [json.loads(line)["record"] for line in lines if line.endswith("}")]
                ended = [r for r in rows if r["kind"] == "attempt_ended" and r["run"] == "prepare"]
                if ended:
                    told = [r["told"] for r in rows if r["kind"] == "told" and r["run"] == "prepare"]
                    examples = sum(t.get("examples", 0) for t in told)
                    return ended[0]["wall_secs"], examples
                time.sleep(0.02)
            sys.exit(process.stderr.read().decode())
        finally:
            process.terminate()
            process.wait()


def python_texts(hub):
    import datasets
    from tokenizers import Tokenizer

    datasets.disable_progress_bars()
    files = sorted(glob.glob(f"{hub}/datasets/nyu-mll/glue/sst2/**/*train*.parquet", recursive=True)
                   or glob.glob(f"{hub}/datasets/nyu-mll/glue/sst2/train/*.parquet"))
    tokenizer = f"{hub}/models/sentence-transformers/all-MiniLM-L6-v2/tokenizer.json"
    with tempfile.TemporaryDirectory() as cache:
        begun = time.perf_counter()
        encode = Tokenizer.from_file(tokenizer)
        encode.no_padding()
        encode.enable_truncation(128)
        rows = datasets.load_dataset("parquet", data_files=files, split="train", cache_dir=cache)

        def ids(batch):
            encoded = encode.encode_batch(batch["sentence"])
            return {"input_ids": [e.ids for e in encoded], "token_type_ids": [e.type_ids for e in encoded]}

        ready = rows.map(ids, batched=True, remove_columns=["sentence", "idx"])
        ready.set_format("numpy")
        return time.perf_counter() - begun, len(ready)


def pictures_of(hub):
    return sorted(glob.glob(f"{hub}/datasets/uoft-cs/cifar10/plain_text/train*.parquet"))[0]


def as_jpeg(file, folder):
    """The same pictures as JPEG, in a file of the same columns."""
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq
    from PIL import Image

    table = pq.read_table(file)

    def jpeg(cell):
        out = io.BytesIO()
        Image.open(io.BytesIO(cell["bytes"])).convert("RGB").save(out, "JPEG", quality=90)
        return {"bytes": out.getvalue(), "path": None}

    at = table.schema.get_field_index("img")
    cells = pa.array([jpeg(cell) for cell in table.column("img").to_pylist()], type=table.schema.field("img").type)
    path = str(pathlib.Path(folder) / "jpeg.parquet")
    pq.write_table(table.set_column(at, table.schema.field("img"), cells), path)
    return path


def python_images(file, most):
    import io

    import pyarrow.parquet as pq
    import torch
    from PIL import Image
    from torchvision import transforms

    change = transforms.Compose([transforms.RandomCrop(32, padding=4), transforms.RandomHorizontalFlip(), transforms.ToTensor()])
    table = pq.read_table(file)

    class Pictures(torch.utils.data.Dataset):
        def __init__(self):
            self.bytes = [cell["bytes"] for cell in table.column("img").slice(0, most).to_pylist()]
            self.labels = table.column("label").slice(0, most).to_pylist()

        def __len__(self):
            return len(self.labels)

        def __getitem__(self, at):
            return change(Image.open(io.BytesIO(self.bytes[at])).convert("RGB")), self.labels[at]

    begun = time.perf_counter()
    loader = torch.utils.data.DataLoader(Pictures(), batch_size=128, shuffle=True, num_workers=2)
    count = sum(len(labels) for _, labels in loader)
    return time.perf_counter() - begun, count


def of_python(side, args, file=""):
    """In a process of its own, so that nothing stays from the last round."""
    command = [sys.executable, __file__, args.program, args.hub, "--side", side, "--images", str(args.images), "--file", file]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    secs, count = done.stdout.split()[-2:]
    return float(secs), int(count)


def compare(name, unit, sides, rounds):
    times = {side: [] for side in sides}
    for _ in range(rounds):
        for side, measure in sides.items():
            secs, count = measure()
            times[side].append(secs / count)
    for side, each in times.items():
        median, best = statistics.median(each), min(each)
        print(f"{name:7} {side:7} median {1 / median:9.0f} {unit}/s, best {1 / best:9.0f} {unit}/s")
    (_, ours), (_, theirs) = times.items()
    ratio = statistics.median(theirs) / statistics.median(ours)
    print(f"{name:7} Tallow is {ratio:.2f} times as fast by medians, {min(theirs) / min(ours):.2f} by the best of each")


def epochs(args):
    """Both libraries' epochs, of PNG and of JPEG."""
    with tempfile.TemporaryDirectory() as folder:
        png = pictures_of(args.hub)
        for name, file in [("png", png), ("jpeg", as_jpeg(png, folder))]:
            later = []

            def tallow_epoch():
                command = [args.epoch, file, "img", "label", str(args.images)]
                done = subprocess.run(command, capture_output=True, check=True, text=True)
                decoding, batches, count = done.stdout.split()[-3:]
                later.append(float(batches) / int(count))
                return float(decoding) + float(batches), int(count)

            compare(name, "images", {"Tallow": tallow_epoch, "Python": lambda: of_python("images", args, file)}, args.rounds)
            print(f"{name:7} Tallow, a later epoch: median {1 / statistics.median(later):9.0f} images/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("hub")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=50_000, help="that Python reads: its speed is the same throughout")
    parser.add_argument("--epoch", metavar="EXAMPLE", help="the program that makes an epoch of images")
    parser.add_argument("--side", choices=["texts", "images"], help=argparse.SUPPRESS)
    parser.add_argument("--file", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.side:
        file = args.file or pictures_of(args.hub)
        print(*(python_texts(args.hub) if args.side == "texts" else python_images(file, args.images)))
        return
    if args.epoch:
        epochs(args)
        return
    of_texts = lambda: tallow(args.program, args.hub, "sst2_minilm.toml", [])
    of_images = lambda: tallow(args.program, args.hub, "cifar10_resnet20.toml", [])
    compare("texts", "rows", {"Tallow": of_texts, "Python": lambda: of_python("texts", args)}, args.rounds)
    compare("images", "images", {"Tallow": of_images, "Python": lambda: of_python("images", args)}, args.rounds)


if __name__ == "__main__":
    main()
