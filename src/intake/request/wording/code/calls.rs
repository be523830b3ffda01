//! What calls of other libraries say, and their arguments.

/// What an argument means.
#[derive(Clone, Copy)]
pub(super) enum Key {
    /// In other words, with its value in place of `{}`, or in hundredths in place of `{%}`.
    Said(&'static str),
    /// In other words where it is switched on; else nothing.
    On(&'static str),
    Nothing,
    /// Calls of its own, or a name.
    Within(&'static str),
}

/// A call, by all of its names.
pub(super) struct Call {
    pub(super) names: &'static str,
    /// What it says by itself, unless one of its arguments says it already.
    pub(super) says: &'static str,
    pub(super) keys: &'static [(&'static str, Key)],
    /// What stands in it without a name, in turn.
    pub(super) bare: &'static [Key],
}

const fn call(names: &'static str, says: &'static str, keys: &'static [(&'static str, Key)], bare: &'static [Key]) -> Call {
    Call { names, says, keys, bare }
}

/// What is done anyway, or by others.
const IDLE: Key = Key::Nothing;
const SAME: Key = Key::Within("{}");
const OF_OPTIMIZERS: &[(&str, Key)] = &[
    ("lr learning_rate", Key::Within("lr {}")),
    ("weight_decay decay", Key::Said("weight decay {}")),
    ("momentum", Key::Said("momentum {}")),
    ("nesterov", Key::On("Nesterov momentum")),
    ("betas", Key::Said("betas {}")),
    ("beta_1 beta1", Key::Said("beta1 {}")),
    ("beta_2 beta2", Key::Said("beta2 {}")),
    ("eps epsilon", Key::Said("eps {}")),
    ("amsgrad name clipvalue foreach fused params", IDLE),
    ("clipnorm global_clipnorm", Key::Said("clip gradients at {}")),
];
const OF_PERCEPTRONS: &[(&str, Key)] = &[
    ("hidden_layer_sizes", Key::Said("hidden_layer_sizes={}")),
    ("alpha", Key::Said("weight decay {}")),
    ("learning_rate_init", Key::Said("lr {}")),
    ("batch_size", Key::Said("batch size {}")),
    ("max_iter", Key::Said("{} epochs")),
    ("n_iter_no_change", Key::Said("early stopping with patience {}")),
    ("early_stopping", Key::On("early stopping with patience 10")),
    ("validation_fraction", Key::Said("{%} for validation")),
    ("random_state", Key::Said("seed {}")),
    ("solver", Key::Within("optimizer: {}")),
    ("learning_rate", Key::Within("{} schedule")),
    ("activation", Key::Within("{} activation")),
    ("momentum", Key::Said("momentum {}")),
    ("nesterovs_momentum", Key::On("Nesterov momentum")),
    ("beta_1", Key::Said("beta1 {}")),
    ("beta_2", Key::Said("beta2 {}")),
    ("epsilon", Key::Said("eps {}")),
    ("verbose shuffle warm_start", IDLE),
];
/// What measures compare.
const OF_SCORES: &[(&str, Key)] = &[(
    "y_true y_pred y_score y_prob sample_weight multi_class normalize zero_division target_names digits labels output_dict",
    IDLE,
)];
const STOPPING: &[(&str, Key)] = &[
    ("patience early_stopping_patience", Key::Said("early stopping with patience {}")),
    ("restore_best_weights", Key::On("keep the best checkpoint")),
    ("monitor mode verbose baseline", IDLE),
];

pub(super) static CALLS: &[Call] = &[
    // scikit-learn.
    call("MLPClassifier", "MLP classifier", OF_PERCEPTRONS, &[Key::Said("hidden_layer_sizes={}")]),
    call("MLPRegressor", "MLP regression", OF_PERCEPTRONS, &[Key::Said("hidden_layer_sizes={}")]),
    call("RandomForestClassifier RandomForestRegressor ExtraTreesClassifier", "random forest", &[], &[]),
    call("LogisticRegression LogisticRegressionCV", "logistic regression", &[], &[]),
    call("LinearRegression Ridge Lasso ElasticNet", "linear regression", &[], &[]),
    call("XGBClassifier XGBRegressor", "xgboost", &[], &[]),
    call("LGBMClassifier LGBMRegressor", "lightgbm", &[], &[]),
    call("CatBoostClassifier CatBoostRegressor", "catboost", &[], &[]),
    call(
        "GradientBoostingClassifier GradientBoostingRegressor HistGradientBoostingClassifier HistGradientBoostingRegressor",
        "gradient boosting",
        &[],
        &[],
    ),
    call("SVC SVR LinearSVC", "svm", &[], &[]),
    call("KNeighborsClassifier KNeighborsRegressor", "knn", &[], &[]),
    call("DecisionTreeClassifier DecisionTreeRegressor", "decision tree", &[], &[]),
    call(
        "train_test_split",
        "",
        &[
            ("test_size", Key::Said("hold out {%} for the test")),
            ("stratify", Key::On("stratified")),
            ("random_state", Key::Said("split seed {}")),
            ("shuffle", IDLE),
        ],
        &[IDLE, IDLE, IDLE],
    ),
    call("predict predict_proba decision_function score transform fit_transform", "", &[], &[IDLE, IDLE, IDLE]),
    call("accuracy_score", "report accuracy", OF_SCORES, &[IDLE, IDLE]),
    call("roc_auc_score", "report AUROC", OF_SCORES, &[IDLE, IDLE]),
    call("matthews_corrcoef", "report Matthews correlation", OF_SCORES, &[IDLE, IDLE]),
    call("log_loss", "report log loss", OF_SCORES, &[IDLE, IDLE]),
    call("r2_score", "report R2", OF_SCORES, &[IDLE, IDLE]),
    call("mean_absolute_error", "report MAE", OF_SCORES, &[IDLE, IDLE]),
    call("mean_squared_error", "report MSE", OF_SCORES, &[IDLE, IDLE]),
    call("root_mean_squared_error", "report RMSE", OF_SCORES, &[IDLE, IDLE]),
    call(
        "f1_score",
        "report F1",
        &[("average", Key::Within("report {} F1")), ("y_true y_pred sample_weight zero_division labels pos_label", IDLE)],
        &[IDLE, IDLE],
    ),
    call("classification_report confusion_matrix", "", OF_SCORES, &[IDLE, IDLE]),
    call("StandardScaler", "standardise the numbers", &[("with_mean with_std copy", IDLE)], &[]),
    call("MinMaxScaler", "min-max scaling", &[], &[]),
    call("RobustScaler", "robust scaling", &[], &[]),
    call("OneHotEncoder", "one-hot encoding", &[("handle_unknown sparse_output sparse drop", IDLE)], &[]),
    call("OrdinalEncoder", "ordinal encoding", &[], &[]),
    call("LabelEncoder", "", &[], &[]),
    call(
        "SimpleImputer",
        "",
        &[("strategy", Key::Within("impute with the {}")), ("fill_value", Key::Said("fill missing values with {}"))],
        &[],
    ),
    call("KNNImputer", "knn imputation", &[], &[]),
    call(
        "Pipeline make_pipeline ColumnTransformer make_column_transformer",
        "",
        &[("steps transformers", SAME)],
        &[SAME, SAME, SAME, SAME, SAME, SAME],
    ),
    call("cross_val_score cross_validate StratifiedKFold", "cross-validation", &[], &[IDLE, IDLE, IDLE]),
    // Keras and PyTorch.
    call("Sequential Functional", "", &[("layers", SAME), ("name", IDLE)], &[SAME; 24]),
    call(
        "Dense",
        "",
        &[
            ("units", Key::Said("dense layer {}")),
            ("activation", Key::Within("activation {}")),
            ("input_shape input_dim name kernel_initializer", IDLE),
        ],
        &[Key::Said("dense layer {}"), Key::Within("activation {}")],
    ),
    call(
        "Linear",
        "",
        &[("out_features", Key::Said("dense layer {}")), ("in_features bias", IDLE)],
        &[IDLE, Key::Said("dense layer {}")],
    ),
    call("ReLU", "activation relu", &[], &[]),
    call("Tanh", "activation tanh", &[], &[]),
    call("GELU", "activation gelu", &[], &[]),
    call("Sigmoid Softmax LogSoftmax", "", &[("dim", IDLE)], &[IDLE]),
    call("Dropout", "", &[("rate p", Key::Said("dropout {}")), ("name", IDLE)], &[Key::Said("dropout {}")]),
    call("BatchNormalization BatchNorm1d", "batch normalisation", &[], &[IDLE]),
    call("LayerNormalization LayerNorm", "layer normalisation", &[], &[IDLE]),
    call("Flatten InputLayer Input Rescaling Normalization", "", &[("shape input_shape", IDLE)], &[IDLE]),
    call(
        "compile",
        "",
        &[
            ("optimizer", Key::Within("optimizer: {}")),
            ("loss", Key::Within("{} loss")),
            ("metrics", Key::Within("report {}")),
            ("jit_compile run_eagerly steps_per_execution", IDLE),
        ],
        &[],
    ),
    call("add", "", &[], &[SAME]),
    call(
        "fit",
        "",
        &[
            ("epochs nb_epoch", Key::Said("{} epochs")),
            ("batch_size", Key::Said("batch size {}")),
            ("validation_split", Key::Said("{%} for validation")),
            ("callbacks", SAME),
            ("class_weight", Key::Within("{} class weights")),
            ("verbose shuffle workers validation_data x y steps_per_epoch", IDLE),
        ],
        &[IDLE, IDLE, IDLE],
    ),
    call("EarlyStopping EarlyStoppingCallback", "early stopping", STOPPING, &[Key::Said("early stopping with patience {}")]),
    call(
        "ModelCheckpoint",
        "",
        &[
            ("save_best_only", Key::On("keep the best checkpoint")),
            ("monitor mode verbose filepath save_weights_only dirpath filename save_top_k", IDLE),
        ],
        &[IDLE],
    ),
    call("TensorBoard CSVLogger WandbLogger ProgbarLogger", "", &[("log_dir", IDLE)], &[IDLE]),
    call("Adam", "optimizer: adam", OF_OPTIMIZERS, &[Key::Within("lr {}")]),
    call("AdamW", "optimizer: adamw", OF_OPTIMIZERS, &[Key::Within("lr {}")]),
    call("SGD", "optimizer: sgd", OF_OPTIMIZERS, &[Key::Within("lr {}")]),
    call("RMSprop", "optimizer: rmsprop", OF_OPTIMIZERS, &[Key::Within("lr {}")]),
    call("Adagrad", "optimizer: adagrad", OF_OPTIMIZERS, &[Key::Within("lr {}")]),
    call("Adafactor", "optimizer: adafactor", OF_OPTIMIZERS, &[Key::Within("lr {}")]),
    call("Lion", "optimizer: lion", OF_OPTIMIZERS, &[Key::Within("lr {}")]),
    call(
        "CosineAnnealingLR CosineDecay get_cosine_schedule_with_warmup",
        "cosine schedule",
        &[
            ("initial_learning_rate", Key::Said("lr {}")),
            ("num_warmup_steps warmup_steps", Key::Said("{} warmup steps")),
            ("eta_min", Key::Said("min lr {}")),
            ("T_max decay_steps num_training_steps optimizer last_epoch", IDLE),
        ],
        &[IDLE],
    ),
    call(
        "get_linear_schedule_with_warmup",
        "linear schedule",
        &[("num_warmup_steps", Key::Said("{} warmup steps")), ("num_training_steps optimizer", IDLE)],
        &[IDLE],
    ),
    call(
        "OneCycleLR",
        "one cycle schedule",
        &[("max_lr", Key::Said("lr {}")), ("total_steps epochs steps_per_epoch optimizer", IDLE)],
        &[IDLE],
    ),
    call(
        "CrossEntropyLoss SparseCategoricalCrossentropy CategoricalCrossentropy",
        "cross-entropy loss",
        &[("label_smoothing", Key::Said("label smoothing {}")), ("from_logits", IDLE)],
        &[],
    ),
    call("BCEWithLogitsLoss BCELoss BinaryCrossentropy", "cross-entropy loss", &[("from_logits", IDLE)], &[]),
    call("MSELoss MeanSquaredError", "mse loss", &[], &[]),
    // torchvision.
    call("Compose", "", &[("transforms", SAME)], &[SAME; 12]),
    call("ToTensor Normalize ToImage PILToTensor ConvertImageDtype ToDtype", "", &[("mean std", IDLE)], &[IDLE, IDLE]),
    call(
        "RandomCrop",
        "random crop",
        &[
            ("padding", Key::Said("random crop (padding {})")),
            ("size", Key::Said("images {x}")),
            ("padding_mode pad_if_needed fill", IDLE),
        ],
        &[Key::Said("images {x}")],
    ),
    call("RandomHorizontalFlip", "horizontal flip", &[("p", IDLE)], &[IDLE]),
    call("RandomFlip", "horizontal flip", &[("mode", IDLE)], &[IDLE]),
    call("RandomResizedCrop", "random resized crop", &[("size", Key::Said("images {x}"))], &[Key::Said("images {x}")]),
    call("Resize", "", &[("size", Key::Said("resize to {x}"))], &[Key::Said("resize to {x}")]),
    call("RandomErasing", "random erasing", &[("p", Key::Said("random erasing p {}"))], &[Key::Said("random erasing p {}")]),
    call("ColorJitter", "color jitter", &[], &[]),
    // transformers.
    call(
        "TrainingArguments Seq2SeqTrainingArguments SFTConfig Trainer Seq2SeqTrainer SFTTrainer",
        "",
        &[
            ("args callbacks", SAME),
            ("model tokenizer train_dataset eval_dataset processing_class data_collator compute_metrics", IDLE),
        ],
        &[IDLE],
    ),
    call(
        "DPOConfig DPOTrainer",
        "DPO",
        &[("args callbacks", SAME), ("model tokenizer train_dataset eval_dataset processing_class ref_model", IDLE)],
        &[IDLE],
    ),
    call(
        "LoraConfig",
        "LoRA",
        &[
            ("r", Key::Said("rank {}")),
            ("lora_alpha", Key::Said("alpha {}")),
            ("lora_dropout", Key::Said("lora dropout {}")),
            ("target_modules", Key::Within("target modules {}")),
            ("bias task_type inference_mode", IDLE),
        ],
        &[],
    ),
    call(
        "from_pretrained",
        "",
        &[("num_labels trust_remote_code torch_dtype cache_dir id2label label2id", IDLE)],
        &[Key::Within("model {}")],
    ),
    call("read_csv read_parquet read_json", "", &[("sep lines encoding", IDLE)], &[Key::Within("data {}")]),
];
