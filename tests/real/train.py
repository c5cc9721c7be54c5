"""Trains the real model that the tests use, and measures it.

Data: the Wisconsin diagnostic breast-cancer set as scikit-learn ships it (569 fine-needle aspirates, 30
measured features, 212 malignant). Model: standardisation and a small neural network, written twice with
the same weights, as ONNX and as safetensors. Every figure in metrics.json comes from running the ONNX file.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install -r requirements.txt && /tmp/venv/bin/python train.py
"""

import csv
import hashlib
import json
import pathlib
import warnings

import numpy as np
import onnx
import onnxruntime
import safetensors.numpy
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = pathlib.Path(__file__).resolve().parent
SEED = 20260901
TEST_SHARE = 0.3
HIDDEN_UNITS = 8
L2_PENALTY = 1.0
MAX_ITERATIONS = 500
# The operating point is chosen on the training split alone: the highest threshold, to two places, that
# keeps this sensitivity in cross-validation. Missing a malignant case costs more than a false alarm.
WANTED_SENSITIVITY = 0.98
FOLDS = 5
RESAMPLES = 5000
OPSET = 17
IR_VERSION = 8

# name -> (title, where it is defined, whether it depends on the operating point)
DEFINITIONS = {
    "rocAuc": ("area under the ROC curve", "http://purl.obolibrary.org/obo/STATO_0000608", False),
    "sensitivity": (
        "sensitivity",
        "https://scikit-learn.org/stable/modules/generated/sklearn.metrics.recall_score.html",
        True,
    ),
    "specificity": ("specificity", "http://purl.obolibrary.org/obo/STATO_0000134", True),
    "accuracy": ("accuracy", "http://purl.obolibrary.org/obo/STATO_0000415", True),
    "brierScore": (
        "Brier score",
        "https://scikit-learn.org/stable/modules/generated/sklearn.metrics.brier_score_loss.html",
        False,
    ),
    "observedExpectedRatio": ("observed to expected ratio", "https://doi.org/10.1186/s12916-019-1466-7", False),
}


def main():
    features, malignant, names = load()
    train, test = split(features, malignant)
    write_csv("train", names, features[train], malignant[train])
    write_csv("test", names, features[test], malignant[test])

    pipeline = make_pipeline(
        StandardScaler(),
        MLPClassifier((HIDDEN_UNITS,), alpha=L2_PENALTY, solver="lbfgs", max_iter=MAX_ITERATIONS, random_state=SEED),
    )
    threshold = choose_threshold(pipeline, features[train], malignant[train])
    pipeline.fit(features[train], malignant[train])
    weights = weights_of(pipeline)
    write_onnx(weights, names)
    write_safetensors(weights)

    probability = run_onnx(features)
    reference = pipeline.predict_proba(features)[:, 1]
    assert np.abs(probability - reference).max() < 1e-5, "the ONNX file disagrees with what was trained"
    assert np.abs(run_numpy(weights, features) - reference).max() < 1e-5

    metrics = evaluate(malignant[test], probability[test], threshold)
    write_metrics(metrics, threshold, malignant[train], malignant[test])
    write_claims(metrics, threshold)


def load():
    bunch = load_breast_cancer()
    names = [name.replace(" ", "_") for name in bunch.feature_names]
    # In scikit-learn's copy 0 is malignant. The model's positive class is malignant.
    return bunch.data, (bunch.target == 0).astype(int), names


def split(features, malignant):
    """One record is one patient's aspirate, so a split of records is a split of patients; it is stratified
    by diagnosis, and no feature vector may stand on both sides."""
    every = np.arange(len(malignant))
    train, test = train_test_split(every, test_size=TEST_SHARE, stratify=malignant, random_state=SEED)
    train, test = np.sort(train), np.sort(test)
    shared = {row.tobytes() for row in features[train]} & {row.tobytes() for row in features[test]}
    assert not shared, "a record stands in both splits"
    return train, test


def choose_threshold(pipeline, features, malignant):
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    held_out = cross_val_predict(pipeline, features, malignant, cv=folds, method="predict_proba")[:, 1]
    return max(
        step / 100
        for step in range(1, 100)
        if (held_out[malignant == 1] >= step / 100).mean() >= WANTED_SENSITIVITY
    )


def weights_of(pipeline):
    scaler, network = pipeline.named_steps.values()
    hidden, output = network.coefs_
    tensors = {
        "scaler.mean": scaler.mean_,
        "scaler.scale": scaler.scale_,
        "hidden.weight": hidden,
        "hidden.bias": network.intercepts_[0],
        "output.weight": output,
        "output.bias": network.intercepts_[1],
    }
    return {name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in tensors.items()}


def write_onnx(weights, names):
    nodes = [
        helper.make_node("Sub", ["features", "scaler.mean"], ["centred"]),
        helper.make_node("Div", ["centred", "scaler.scale"], ["standardised"]),
        helper.make_node("Gemm", ["standardised", "hidden.weight", "hidden.bias"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["active"]),
        helper.make_node("Gemm", ["active", "output.weight", "output.bias"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["malignant_probability"]),
    ]
    graph = helper.make_graph(
        nodes,
        "breast_aspirate_classifier",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["N", len(names)])],
        [helper.make_tensor_value_info("malignant_probability", TensorProto.FLOAT, ["N", 1])],
        [numpy_helper.from_array(tensor, name) for name, tensor in weights.items()],
    )
    model = helper.make_model(
        graph, producer_name="train.py", ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)]
    )
    helper.set_model_props(model, {"features": ",".join(names), "positive_class": "malignant"})
    onnx.checker.check_model(model, full_check=True)
    write("model/model.onnx", model.SerializeToString(deterministic=True))


def write_safetensors(weights):
    write("model/model.safetensors", safetensors.numpy.save(weights, {"positive_class": "malignant"}))


def run_onnx(features):
    session = onnxruntime.InferenceSession(HERE / "model/model.onnx", providers=["CPUExecutionProvider"])
    (output,) = session.run(None, {"features": features.astype(np.float32)})
    return output[:, 0].astype(float)


def run_numpy(weights, features):
    """The same network by hand from the safetensors file."""
    stored = safetensors.numpy.load_file(HERE / "model/model.safetensors")
    assert all(np.array_equal(stored[name], tensor) for name, tensor in weights.items())
    standardised = (features - stored["scaler.mean"]) / stored["scaler.scale"]
    active = np.maximum(standardised @ stored["hidden.weight"] + stored["hidden.bias"], 0)
    return 1 / (1 + np.exp(-(active @ stored["output.weight"] + stored["output.bias"])[:, 0]))


def measures(threshold):
    """name -> (how many cases it rests on, how it is computed)"""
    everyone = len

    def among(value):
        return lambda truth: int((truth == value).sum())

    def rate(value):
        return lambda truth, p: ((p >= threshold) == value)[truth == value].mean()

    return {
        "rocAuc": (everyone, roc_auc_score),
        "sensitivity": (among(1), rate(1)),
        "specificity": (among(0), rate(0)),
        "accuracy": (everyone, lambda truth, p: ((p >= threshold) == truth).mean()),
        "brierScore": (everyone, brier_score_loss),
        # Calibration in the large: malignant cases seen over malignant cases predicted.
        "observedExpectedRatio": (everyone, lambda truth, p: truth.mean() / p.mean()),
    }


def evaluate(truth, probability, threshold):
    random = np.random.default_rng(SEED)
    samples = [random.integers(0, len(truth), len(truth)) for _ in range(RESAMPLES)]
    # A resample of one class has no ROC curve; among 171 cases with 64 malignant none is expected.
    assert all(0 < truth[sample].sum() < len(truth) for sample in samples)
    metrics = {}
    for name, (count, measure) in measures(threshold).items():
        spread = [measure(truth[sample], probability[sample]) for sample in samples]
        low, high = np.percentile(spread, [2.5, 97.5])
        metrics[name] = {
            "value": decimal(measure(truth, probability)),
            "lower": decimal(low),
            "upper": decimal(high),
            "n": count(truth),
        }
    return metrics


def write_metrics(metrics, threshold, train, test):
    report = {
        "model": {"path": "model/model.onnx", "sha256": sha256("model/model.onnx")},
        "dataset": {"path": "data/test.csv", "sha256": sha256("data/test.csv")},
        "positiveClass": "malignant",
        "threshold": f"{threshold:.2f}",
        "interval": {"level": "0.95", "method": "bootstrap percentile", "resamples": RESAMPLES, "seed": SEED},
        "counts": {
            "train": {"n": len(train), "malignant": int(train.sum())},
            "test": {"n": len(test), "malignant": int(test.sum())},
        },
        "metrics": metrics,
    }
    write("metrics.json", (json.dumps(report, indent=2) + "\n").encode())


def write_claims(metrics, threshold):
    """The same figures as the evaluator's claims: everything after the mark in evaluation.toml."""
    mark = "# From here on written by train.py.\n"
    path = HERE / "claims/evaluation.toml"
    text = path.read_text().split(mark)[0] + mark
    ratio = metrics["observedExpectedRatio"]
    text += f"""
[calibration]
summary = "Malignant cases observed over malignant cases predicted: {ratio['value']} (95 % interval {ratio['lower']} to {ratio['upper']}); Brier score {metrics['brierScore']['value']}"
"""
    for name, (title, definition, at_threshold) in DEFINITIONS.items():
        metric = metrics[name]
        text += f"""
[[metric]]
basis = "measured"
name = "{title}"
definition = "{definition}"
value = "{metric['value']}"
unit = "1"
n = {metric['n']}
interval = {{ lower = "{metric['lower']}", upper = "{metric['upper']}", level = "0.95", method = "bootstrap percentile" }}
"""
        text += f'threshold = "{threshold:.2f}"\n' if at_threshold else ""
        text += 'dataset = { passport = "dataset-test.passport.json" }\n'
    path.write_text(text)


def write_csv(name, names, features, malignant):
    path = HERE / "data" / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow([*names, "diagnosis"])
        for row, label in zip(features, malignant, strict=True):
            out.writerow([*map(float, row), "malignant" if label else "benign"])


def decimal(number):
    return f"{number:.4f}"


def sha256(path):
    return hashlib.sha256((HERE / path).read_bytes()).hexdigest()


def write(path, data):
    (HERE / path).parent.mkdir(exist_ok=True)
    (HERE / path).write_bytes(data)


if __name__ == "__main__":
    warnings.simplefilter("error", ConvergenceWarning)
    main()
