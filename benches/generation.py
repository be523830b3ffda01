"""Tokens per second of `tallow generate` beside llama.cpp's server (package xllamacpp) on the same GGUF file, in turns.

python benches/generation.py TALLOW FILE.gguf [--rounds 5] [--threads 2] [--schema FILE] [--tokens 128] [--check N]

Each round reads a prompt of about 300 tokens and writes `--tokens` more, greedily; of each side the median over the rounds is told, and the
median of the rounds' ratios. With --schema the text is held to it on both sides. --check N writes N texts at temperature 1 with
different seeds and holds each against the schema with the package jsonschema.
"""

import argparse
import json
import pathlib
import socket
import statistics
import subprocess
import sys
import urllib.request

PROMPT = "The history of the town begins with a river, and with those who came to live beside it. " * 16


def ours(args, prompt, more=()):
    command = [args.tallow, "generate", args.model, "-", "--json", "--offline", f"--threads={args.threads}",
               f"--max-tokens={args.tokens}", *more]
    if args.schema:
        command.append(f"--schema={args.schema}")
    out = subprocess.run(command, input=prompt.encode(), capture_output=True, check=False)
    if out.returncode:
        sys.exit(out.stderr.decode())
    return json.loads(out.stdout.splitlines()[-1])


def serve(args):
    import xllamacpp

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    params = xllamacpp.CommonParams()
    params.model.path = args.model
    params.n_ctx, params.n_parallel, params.warmup = 2048, 1, False
    params.hostnames, params.port = ["127.0.0.1"], port
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = args.threads
    return xllamacpp.Server(params), port


def theirs(args, port, prompt):
    asked = {"prompt": prompt, "n_predict": args.tokens, "temperature": 0, "cache_prompt": False}
    if args.schema:
        asked["json_schema"] = json.loads(pathlib.Path(args.schema).read_text())
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/completion", json.dumps(asked).encode(), {"content-type": "application/json"})
    return json.load(urllib.request.urlopen(request))["timings"]


def check(args):
    import jsonschema

    schema = json.loads(pathlib.Path(args.schema).read_text())
    validator = jsonschema.Draft202012Validator(schema)
    valid, tokens = 0, []
    for seed in range(args.check):
        written = ours(args, "Fine-tune a small BERT on movie reviews.", ["--chat", "--temperature=1", f"--seed={seed}"])
        tokens.append(written["tokens"])
        try:
            mistakes = [mistake.message for mistake in validator.iter_errors(json.loads(written["text"]))]
        except json.JSONDecodeError as broken:
            mistakes = [str(broken)]
        valid += not mistakes
        if mistakes:
            print(f"seed {seed}: {mistakes[:3]}: {written['text'][:300]}")
    print(f"{valid} of {args.check} valid; tokens: median {statistics.median(tokens)}, most {max(tokens)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tallow")
    parser.add_argument("model")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--schema")
    parser.add_argument("--check", type=int, default=0)
    args = parser.parse_args()
    if args.check:
        return check(args)
    server, port = serve(args)
    rows = []
    for i in range(args.rounds + 1):
        prompt = f"{i}. {PROMPT}"
        own, other = ours(args, prompt), theirs(args, port, prompt)
        row = (own["prompt_tokens"] / own["prompt_secs"], (own["tokens"] - 1) / (own["secs"] - own["prompt_secs"]),
               other["prompt_per_second"], other["predicted_per_second"], own["tokens"], other["predicted_n"])
        if i:  # The first warms both up.
            rows.append(row)
            print(" ".join(f"{x:8.1f}" for x in row), flush=True)
    for name, mine, its in (("prompt", 0, 2), ("writing", 1, 3)):
        median = lambda at: statistics.median(row[at] for row in rows)
        ratio = statistics.median(row[mine] / row[its] for row in rows)
        print(f"{name}: {median(mine):.1f} tokens/s, llama.cpp {median(its):.1f} tokens/s, ratio {ratio:.2f}")
    del server


if __name__ == "__main__":
    main()
