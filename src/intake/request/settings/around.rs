//! What is said around an experiment: what it is to be computed with, and what is to run beside it. A run uses none of it.

/// What it is to be computed with. `Gpu` by itself may be the name of a column.
pub(crate) fn hardware() -> String {
    let count = r"(?:(?:\d{1,3}|one|two|three|four|eight|both|several|multiple|a|an|the|my|our|single|all|available|x|×)\s?)";
    let card = r"(?:(?:nvidia|amd|geforce|tesla)\s)?(?:(?:rtx|gtx)[ -]?\d{4}(?:[ -]?ti)?s?|(?-i:(?:A100|H100|H200|V100|P100|T4|L4|A40|A10)s?)|gpus?|tpus?|cuda)(?:[ -](?:gpus?|machine|server|node|box|cards?|cores?))?\b";
    let ways = [
        format!(r"\b(?:(?:train(?:ed|ing)? |runs? |it )?(?:on|with|using|across|over|use|have|via)\s{count}*{card})"),
        r"^(?:\d{1,3}|two|four|eight|multi)\s?[x×-]?\s?(?:gpus?|(?-i:(?:A100|H100|H200|V100|P100|T4)s?))(?: training)?\b".into(),
        r"\b(?:torch[ .]?)?(?:ddp|fsdp|deepspeed(?: zero[- ]?\d)?|zero[- ][123](?: offload)?|distributed(?: data[- ]?parallel)?(?: training)?|data[- ]parallel(?:ism)?|model[- ]parallel(?:ism)?|multi[- ]gpu(?: training)?)\b".into(),
        r"\b(?:(?:with|using|use|enable|turn on)\s)*(?:torch[ ._]?compile|flash[- _]?attention(?:[- ]?2)?|sdpa|xformers|cuda graphs|cudnn(?:\.benchmark)?|tensor cores|channels[- _]last|pinned memory|pin_memory)\b".into(),
        r"^\d{1,3}\s(?:data ?loader |loader )?workers\b|\b(?:data ?loader|loader) workers\b".into(),
    ];
    ways.join("|")
}

/// What is to run beside it.
pub(crate) fn tools() -> String {
    let logger = r"(?:wandb|w\x26b|weights\s?(?:and|\x26|n)\s?biases|tensorboard|mlflow|comet[._]ml|neptune\.ai|clearml)";
    let to = r"(?:(?:and |please )*(?:log(?:ging|ged|s)?|track(?:ing|ed|s)?|report(?:ing|ed|s)?|send(?:ing)?|stream(?:ing)?|plot(?:s|ting|ted)?)(?: (?:it|all|everything|the|metrics|runs?|losses|loss|curves?|results|progress|training))* (?:to|with|in|on|into|via)\s)?";
    let ways = [
        format!(r"\b{to}(?:(?:use|using|with|via|in|on)\s)?{logger}\b(?: (?:logging|logs?|tracking|dashboards?|runs?|project))?"),
        r"\b(?:(?:in|inside|within|using|with|as|build|from)\s)(?:a |an |the |our )?(?:docker(?: (?:container|image))?|container image|conda env(?:ironment)?|virtualenv|kubernetes|k8s|(?:jupyter |colab |kaggle )?notebook|(?:google )?colab|slurm)\b".into(),
        r"\b(?:jupyter notebooks?|docker (?:container|image|compose)|dockerfile|slurm|sbatch|pytorch[ -]lightning|hydra config\w*|progress bars?|tqdm)\b".into(),
        r"\b(?:in|with|using|via) (?:py)?(?:torch|tensorflow|keras|jax|flax|scikit-learn|sklearn|hugging\s?face(?: transformers)?|transformers library)(?: trainer)?\b".into(),
    ];
    ways.join("|")
}
