"""Capture of many files and of one large file, beside the `model-signing` package, in one run on the same trees.

    python3 -m venv VENV && VENV/bin/pip install model-signing==1.1.1 pyOpenSSL
    cargo build --release -p model-passport-issuer
    VENV/bin/python tests/bench/capture.py target/release/passport [FILES] [GIB]

Every figure is of a whole process: wall time, and the most memory that it held. Rounds alternate, so that whatever
else the machine does meets all of them. The limit is what one core needs to read and hash the same bytes.
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 3
SMALL_BYTES = 4096

THEIRS = "import sys, model_signing; model_signing.hashing.Config().hash(sys.argv[1])"


def run(command, environment):
    """Wall seconds, and the most resident memory in MiB."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 2):
        sys.exit(f"{command}: {error.decode()}")
    return time.perf_counter() - begun, usage.ru_maxrss / 1024


def contest(contestants, environment):
    results = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, command in contestants.items():
            results[name].append(run(command, environment))
    return {name: (statistics.median(t for t, _ in runs), max(m for _, m in runs)) for name, runs in results.items()}


def report(title, results, count, unit):
    print(f"\n{title}")
    for name, (seconds, memory) in results.items():
        print(f"  {name:48}{seconds:9.2f} s {count / seconds:12,.0f} {unit}/s {memory:8.0f} MiB")


def small_tree(root, files):
    block = bytearray(os.urandom(SMALL_BYTES))
    for at in range(files):
        directory = root / f"{at // 1000:03}"
        if at % 1000 == 0:
            directory.mkdir(parents=True)
        block[:8] = at.to_bytes(8, "little")
        (directory / f"{at:06}.bin").write_bytes(block)


def large_file(path, gib):
    block = bytearray(os.urandom(64 << 20))
    with open(path, "wb") as output:
        for at in range(gib * 16):
            block[:8] = at.to_bytes(8, "little")
            output.write(block)


def main():
    passport = pathlib.Path(sys.argv[1]).resolve()
    files = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    gib = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    root = pathlib.Path(tempfile.mkdtemp(prefix="passport-bench-"))
    environment = {**os.environ, "XDG_CACHE_HOME": str(root / "cache"), "PASSPORT_KEY_STORE": str(root / "keys"), "PASSPORT_PASSPHRASE": "for this run alone"}
    ours = lambda path, *more: [str(passport), "capture", str(path), "--kind", "model", *more]
    theirs = lambda path: [sys.executable, "-c", THEIRS, str(path)]
    try:
        small = root / "small"
        small.mkdir()
        small_tree(small, files)
        time.sleep(4)  # What was written a moment ago is not remembered.
        run(ours(small), environment)
        results = contest(
            {
                "capture, everything hashed": ours(small, "--no-cache"),
                "capture again, with the cache": ours(small),
                "model-signing": theirs(small),
                "sha256sum of every file": ["sh", "-c", 'find "$0" -type f -print0 | xargs -0 sha256sum', str(small)],
            },
            environment,
        )
        report(f"{files} files of {SMALL_BYTES} bytes", results, files, "files")
        ratio = results["model-signing"][0] / results["capture, everything hashed"][0]
        print(f"  times the throughput of model-signing: {ratio:.1f}")
        shutil.rmtree(small)

        if gib == 0:
            return
        large = root / "large"
        large.mkdir()
        large_file(large / "weights.bin", gib)
        signed, claims = root / "passport.json", pathlib.Path(__file__).parent / "../../issuer/tests/data/dataset.toml"
        run([str(passport), "key", "new", "bench"], environment)
        run([str(passport), "issue", str(large), "--kind", "dataset", "--claims", str(claims), "--key", "bench", "-o", str(signed)], environment)
        results = contest(
            {
                "verify by the Merkle root": [str(passport), "verify", str(signed), "--artifact", str(large), "--json"],
                "capture: SHA-256 and Merkle root": ours(large, "--no-cache"),
                "model-signing": theirs(large),
                "limit: openssl sha256 on one core": ["openssl", "dgst", "-sha256", str(large / "weights.bin")],
            },
            environment,
        )
        report(f"one file of {gib} GiB", results, gib * 1024, "MiB")
        for name in ("verify by the Merkle root", "capture: SHA-256 and Merkle root"):
            print(f"  {name}, times model-signing: {results['model-signing'][0] / results[name][0]:.2f}")
    finally:
        shutil.rmtree(root)


main()
