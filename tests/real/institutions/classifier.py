"""The model of the walk through five institutions: a logistic regression, trained and used with nothing but Python.

    classifier.py split TRAIN TEST FOLDER           everybody's tables, B's before and after its new scanner
    classifier.py train TABLE MODEL [FROM]          a new model, or FROM trained further on TABLE alone
    classifier.py score MODEL TABLE RESULTS         a row for each case: score, label, and what is watched for drift
    classifier.py evaluation RESULTS PASSPORT DATE  the claims of an evaluation, for `passport attest evaluation`
"""

import csv
import json
import math
import struct
import sys
from pathlib import Path

THRESHOLD = 0.5
WATCHED = "mean_concave_points"
# What B's new scanner measures smaller: the outlines of the nuclei look smoother.
SMOOTHED = ("concave_points", "concavity", "compactness", "smoothness", "symmetry")
GAIN = 0.55
METRICS = {
    "sensitivity": "http://purl.obolibrary.org/obo/STATO_0000233",
    "specificity": "http://purl.obolibrary.org/obo/STATO_0000134",
}


def read(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def measurements(row):
    return [float(value) for name, value in row.items() if name != "diagnosis"]


def is_malignant(row):
    return row["diagnosis"] == "malignant"


def by_new_scanner(row):
    def gain(name):
        return GAIN if any(part in name for part in SMOOTHED) else 1.0

    return {name: value if name == "diagnosis" else f"{float(value) * gain(name):.6g}" for name, value in row.items()}


def split(train, test, folder):
    folder = Path(folder)
    train, test = read(train), read(test)
    # The frozen sets: what a hospital keeps to judge every version on. After the change B keeps another.
    write(folder / "evaluator-frozen.csv", test[1::3])
    write(folder / "a-frozen.csv", test[0::3])
    write(folder / "b-frozen-old.csv", test[2::3])
    write(folder / "b-frozen.csv", [by_new_scanner(row) for row in test[2::3]])
    write(folder / "train.csv", train[0::3])
    write(folder / "b-train.csv", [by_new_scanner(row) for row in train[1::3]])
    # What comes in while the model is used.
    cases = train[2::3]
    write(folder / "a-april.csv", cases[0::3])
    write(folder / "b-april.csv", cases[1::3])
    write(folder / "b-may.csv", [by_new_scanner(row) for row in cases[2::3]])


def sigmoid(value):
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))


def score(model, values):
    return sigmoid(model["bias"] + sum(w * (x - m) / s for w, x, m, s in zip(model["weight"], values, model["mean"], model["scale"])))


def train(table, target, start=None):
    rows = read(table)
    cases = [(measurements(row), 1.0 if is_malignant(row) else 0.0) for row in rows]
    if start:
        # Trained further on the new data alone, until the old is forgotten.
        model = load(start)
    else:
        columns = list(zip(*(values for values, _ in cases)))
        mean = [sum(column) / len(column) for column in columns]
        scale = [math.sqrt(sum((x - m) ** 2 for x in column) / len(column)) for column, m in zip(columns, mean)]
        model = {"mean": mean, "scale": scale, "weight": [0.0] * len(mean), "bias": 0.0}
    standard = [([(x - m) / s for x, m, s in zip(values, model["mean"], model["scale"])], label) for values, label in cases]
    for _ in range(1500 if start else 400):
        gradient, slope = [0.0] * len(model["weight"]), 0.0
        for values, label in standard:
            error = sigmoid(model["bias"] + sum(w * x for w, x in zip(model["weight"], values))) - label
            slope += error
            for at, x in enumerate(values):
                gradient[at] += error * x
        size = 0.5 / len(standard)
        model["bias"] -= size * slope
        model["weight"] = [w - size * (g + 0.01 * w * len(standard)) for w, g in zip(model["weight"], gradient)]
    save(target, model)


def save(path, model):
    """As safetensors: a header of JSON, then the numbers."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    header, data = {}, b""
    for name in ("mean", "scale", "weight", "bias"):
        values = model[name] if isinstance(model[name], list) else [model[name]]
        packed = struct.pack(f"<{len(values)}d", *values)
        header[name] = {"dtype": "F64", "shape": [len(values)], "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def load(path):
    content = Path(path).read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    header, data = json.loads(content[8 : 8 + size]), content[8 + size :]
    model = {}
    for name, tensor in header.items():
        begin, end = tensor["data_offsets"]
        model[name] = list(struct.unpack(f"<{tensor['shape'][0]}d", data[begin:end]))
    return {**model, "bias": model["bias"][0]}


def results(model, table, target):
    model = load(model)
    rows = [
        {"score": f"{score(model, measurements(row)):.6f}", "label": int(is_malignant(row)), WATCHED: row[WATCHED]}
        for row in read(table)
    ]
    write(target, rows)


def wilson(good, n):
    z = 1.959964
    p, middle = good / n, 1 + z * z / n
    centre, half = (p + z * z / (2 * n)) / middle, z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / middle
    return max(0.0, centre - half), min(1.0, centre + half)


def evaluation(table, passport, date):
    rows = read(table)
    counted = {"sensitivity": [row for row in rows if row["label"] == "1"], "specificity": [row for row in rows if row["label"] == "0"]}
    print(f"""testedOn = [{{ passport = "{passport}" }}]

[evaluation]
evaluationDate = {date}
dataOrigin = "external"
protocol = "The model was run once on the frozen set of this hospital; nothing was fitted to it"
software = ["classifier.py"]

[evaluation.evaluator]
name = "The evaluating institution"
contact = "mailto:results@institution.example"

[calibration]
basis = "unknown"
reason = "Not looked at"

[robustness]
basis = "unknown"
reason = "One scanner"

[fairness]
basis = "unknown"
reason = "The data hold no age, sex or ethnicity"
""")
    for name, cases in counted.items():
        good = sum((float(row["score"]) >= THRESHOLD) == (row["label"] == "1") for row in cases)
        lower, upper = wilson(good, len(cases))
        print(f"""[[metric]]
basis = "measured"
name = "{name}"
definition = "{METRICS[name]}"
value = "{good / len(cases):.4f}"
unit = "1"
n = {len(cases)}
threshold = "{THRESHOLD}"
interval = {{ lower = "{lower:.4f}", upper = "{upper:.4f}", level = "0.95", method = "Wilson score" }}
dataset = {{ passport = "{passport}" }}
""")


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    {"split": split, "train": train, "score": results, "evaluation": evaluation}[command](*arguments)
