"""A model is opened only after the gate let it pass.

`load("model.safetensors", "model.bundle.json", safetensors.torch.load_file)` gives what the loader gives, or raises
`Refused` with the reasons. The gate hashes the file itself, so nothing that this process believes about it counts.
"""

import subprocess


class Refused(Exception):
    """The model is not as the policy asks, or that could not be told."""


def gate(model, passport, *options):
    """Raises `Refused` unless `passport gate` exits 0."""
    command = ["passport", "gate", str(model), "--passport", str(passport), "--explain", *options]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(done.stderr.strip())


def load(model, passport, loader, *options):
    """What `loader(model)` gives, after the gate let it pass."""
    gate(model, passport, *options)
    return loader(model)


if __name__ == "__main__":
    import sys

    try:
        print(load(sys.argv[1], sys.argv[2], lambda path: f"{path} may be loaded", *sys.argv[3:]))
    except Refused as refusal:
        sys.exit(f"refused:\n{refusal}")
