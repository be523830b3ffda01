"""Takes in PyTorch the very steps that a run of Tallow took: python benches/pytorch_reference JOB.json

The job names files beside it: the weights to begin with, the batches of every step and those of the held-out split, as
`src/trainer/train/lay_out.rs` writes them. Learning rates come step by step from the job. Prints one line of JSON: the losses of
all steps, the scores of the held-out split, the seconds of both; or why there is no counterpart.
"""

import json
import platform
import sys
import time
import warnings
from pathlib import Path


def run(path):
    import torch
    import transformers

    import batches
    import models
    import objectives
    import scoring
    import training

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    warnings.filterwarnings("ignore")
    job, place = json.loads(path.read_text()), path.parent
    config = job["config"]
    training.refuse(config["recipe"])
    torch.set_num_threads(config["threads"])
    torch.manual_seed(config["seed"])
    model = models.build(job, place / job["init"])
    objective = objectives.Objective(model, job)
    training_parts = lambda: batches.read(place, job["train"])
    held_out = lambda: batches.read(place, job["held_out"])
    if config.get("preference") or config["task"] == "preference_optimization":
        # What preferences are measured against: the model as it is now.
        objective.refer(training_parts(), "train")
        objective.refer(held_out(), "held_out")
    losses, train_secs = training.train(model, objective, training_parts(), job)
    begun = time.perf_counter()
    scores = scoring.score(model, objective, held_out(), job)
    # Of numbers the loss is told in their own unit.
    unit = (job["scale"] or (0.0, 1.0))[1] ** 2
    versions = {"python": platform.python_version(), "torch": torch.__version__, "transformers": transformers.__version__}
    if config.get("adapter"):
        import peft

        versions["peft"] = peft.__version__
    return {
        "nothing": None, "versions": versions, "train_secs": train_secs, "evaluate_secs": time.perf_counter() - begun,
        "steps": len(losses), "scores": scores, "losses": [unit * loss for loss in losses],
    }


def main():
    try:
        from batches import Nothing

        try:
            found = run(Path(sys.argv[1]))
        except Nothing as why:
            found = {"nothing": str(why)}
    except ImportError as error:
        found = {"nothing": f"{error.name or error} is not installed for this Python", "failed": True}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
