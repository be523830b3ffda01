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
    # Keys and values in float32, as Tallow has them: usually they are halved.
    params.cache_type_k = params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    params.hostnames = ["127.0.0.1"]
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        params.port = s.getsockname()[1]
    server = xllamacpp.Server(params)
    worst = 0.0
    # A letter, which is written whatever is likeliest: of an end, or of half a letter, the server tells nothing. The bias is not in what
    # it tells.
    letter = post(params.port, "/tokenize", {"content": "x", "add_special": False})["tokens"][-1]
    for run in model["runs"]:
        tokens = post(params.port, "/tokenize", {"content": run["text"], "add_special": True})["tokens"]
        assert tokens == run["ids"], (model["name"], run["text"], tokens, run["ids"])
        told = post(params.port, "/completion", {"prompt": run["ids"], "n_predict": 1, "n_probs": TOP, "temperature": 0.0, "logit_bias": [[letter, 1000.0]],
                                                 "cache_prompt": False})
        logits = np.array(run["logits"]["values"])
        expected = logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())
        likeliest = told["completion_probabilities"][0]["top_logprobs"]
        worst = max(worst, max(abs(expected[one["id"]] - one["logprob"]) for one in likeliest))
    print(f"{model['name']}: {len(model['runs'])} texts, the {TOP} likeliest log-probabilities off by {worst:.1e}")
    assert worst < model["most"], worst
    del server
