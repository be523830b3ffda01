"""gguf_run.py ASKED.json: runs exported files with llama.cpp's own server, and compares tokens and log-probabilities with Tallow's."""
import json
import socket
import sys
import urllib.request

import numpy as np
import xllamacpp

asked = json.load(open(sys.argv[1]))
TOP = 20


def post(port, route, body):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{route}", json.dumps(body).encode(), {"Content-Type": "application/json"})
    return json.loads(urllib.request.urlopen(request, timeout=60).read())


for model in asked["gguf"]:
    params = xllamacpp.CommonParams()
    params.model.path = model["file"]
    params.n_ctx, params.n_parallel, params.warmup = 256, 1, False
    params.hostnames, params.port = ["127.0.0.1"], 0
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        params.port = s.getsockname()[1]
    server = xllamacpp.Server(params)
    worst = 0.0
    for run in model["runs"]:
        tokens = post(params.port, "/tokenize", {"content": run["text"], "add_special": True})["tokens"]
        assert tokens == run["ids"], (model["name"], run["text"], tokens, run["ids"])
        told = post(params.port, "/completion", {"prompt": run["ids"], "n_predict": 1, "n_probs": TOP, "temperature": 0.0,
                                                 "cache_prompt": False})
        logits = np.array(run["logits"]["values"])
        expected = logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())
        likeliest = told["completion_probabilities"][0]["top_logprobs"]
        worst = max(worst, max(abs(expected[one["id"]] - one["logprob"]) for one in likeliest))
    print(f"{model['name']}: {len(model['runs'])} texts, the {TOP} likeliest log-probabilities off by {worst:.1e}")
    assert worst < model["most"], worst
    del server
