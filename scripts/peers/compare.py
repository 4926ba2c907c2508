#!/usr/bin/env python3
"""Times csdp4j and the same model in JAX and PyTorch: one machine, one run, one table.

    compare.py --data MNIST --device 0 --trace TRACES     runs `csdp bench`, then each peer's recorded runs and timing
    compare.py --data MNIST --device 0 --ours OUT.json    reads our times from the JSON of bench or gpu_check.sh
    compare.py --data MNIST --device cpu                  all on the CPU

Reports median and quartiles of ms per training step over whole windows of T steps, each with other images of MNIST, upload
included, by the clock, until the device is done. Spikes are shown because a network with other activity has other work to
do. The last column shows how many spikes differ from the recorded runs of the released code. A peer that does not replay
them is not timed, except in TF32, which cannot reproduce the author's spikes. Missing packages are named.

Peers: jax_scan.py (one jitted scan, state donated) and torch_graph.py (a window in one CUDA graph, optionally compiled).
Each also runs by itself; with --trace it only replays recorded runs. Needs NumPy, and JAX or PyTorch (1.13, Debian's
python3-torch, or newer). JAX uses TF32 on a GPU by default; here TF32 is a separate line.

CSDP names the launcher (default: scripts/csdp). --released FOLDER also times the author's own code, see released.py
(ngc-learn 1.2b3, on JAX 0.10.2).
Exit code 1 if a check or a peer failed, 2 for wrong usage, 3 if no peer could be measured: none is installed, or time ran
out.
"""
import argparse
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np

import peer
from peer import Unusable

HERE = os.path.dirname(os.path.abspath(__file__))
# In order of importance, in case time runs out.
GPU = ["jax_scan.py", "torch_graph.py --compile", "torch_graph.py", "jax_scan.py --precision tf32x3", "jax_scan.py --precision tf32",
       "torch_graph.py --compile --precision tf32", "torch_graph.py --precision tf32"]
CPU = ["jax_scan.py", "torch_graph.py --compile", "torch_graph.py"]
DURATION = """how long it takes: on 2 CPU cores a dense step of the default network (784-3000-600-10, B 500) takes about a second,
so the default of 20 windows of 50 steps, and 24 before them, takes each peer more than half an hour: give --minutes 180, or
--steps 4 --windows 3 --warmup 2 for a first look, which takes some ten minutes.
Progress is shown every few seconds."""


def command(line, timeout, progress=peer.Progress.MARK):
    """Runs a command and shows the lines that match the regular expression progress. Returns the exit code (None: out of
    time) and all other lines. Kills its whole process group at the end, so that no compiler survives."""
    try:
        p = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             errors="replace", start_new_session=True)
    except OSError as e:
        return 3, "%s: %s" % (line[0], e.strerror)
    said = []

    def listen():
        for l in p.stdout:
            if re.match(progress, l):
                print("    " + l.removeprefix(peer.Progress.MARK).strip(), file=sys.stderr, flush=True)
            else:
                said.append(l)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        code = p.wait(timeout)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        p.wait()
    listener.join(10)
    return code, "".join(said).strip()


def load(file):
    try:
        with open(file) as f:
            return json.load(f)
    except FileNotFoundError:
        return None
    except ValueError as e:
        raise Unusable(2, "%s: %s" % (file, e))


def row(who, device, r, checks):
    """Returns a row of the table from a timed training."""
    times, context = r["us_per_step_of_windows"], "z%d" % r["network"].count("-")
    spikes = {p: s for p, s in r["spikes_per_sample_and_step"].items() if p != context}  # its spikes are clamped
    q = np.percentile(times, [25, 50, 75]) / 1e3
    return dict(who=who, device=device, network=r["network"], batch=r["batch"], samples=r["samples"], steps=r["steps"],
                windows=len(times), ms_per_step=q[1], q1=q[0], q3=q[2], spikes=spikes,
                recorded_runs=checks, us_per_step_of_windows=times)


def ours(report, checks):
    """Returns a row of the table from a report of `csdp bench`."""
    t, o = report["training"], report["options"]
    if not report["passed"] or t is None:
        raise Unusable(1, "csdp bench failed its checks: nothing is compared")
    device = report["device"]
    return row("csdp4j " + report["machine"]["csdp4j"], device, dict(
        t, network=report["network"].split(" ")[0], batch=o["batch"]), checks)


def replayed(checks):
    """Returns the summary of a peer's recorded runs, or None without any."""
    if not checks:
        return None
    worst = [c["weights"] for c in checks]
    return dict(runs=len(checks), passed=all(c["passed"] for c in checks),
                spikes_compared=sum(c["spikes_compared"] for c in checks),
                spikes_differing=sum(c["spikes_differing"] for c in checks),
                weights=None if None in worst else max(worst))


def ours_from_files(files):
    rows, options = [], []
    for file in files:
        report = load(file)
        if not isinstance(report, dict) or not ("benches" in report or "training" in report):
            raise Unusable(2, "%s holds no benchmark of ours" % file)
        runs = [c for c in report.get("checks", []) if c["name"].startswith("replay ")]
        checks = None
        if runs:
            n = [[int(x.replace(",", "")) for x in re.match(r"([\d,]+) of ([\d,]+) spikes", c["detail"]).groups()] for c in runs
                 if re.match(r"[\d,]+ of [\d,]+ spikes", c["detail"] or "")]
            checks = dict(runs=len(runs), passed=all(c["passed"] for c in runs), weights=None,
                          spikes_differing=sum(d for d, _ in n), spikes_compared=sum(c for _, c in n))
        for b in report.get("benches", [report]):
            rows.append(ours(b, checks))
            options.append(b["options"])
    return rows, options


def ours_now(a, work, left):
    """Runs our own commands."""
    launcher = shlex.split(os.environ.get("CSDP", os.path.join(HERE, "..", "csdp")))
    checks = None
    if a.trace:
        print("  csdp replay", file=sys.stderr, flush=True)
        file = os.path.join(work, "replay.json")
        code, said = command(launcher + ["replay", "--device", a.device, "--json", file] + peer.traces(a.trace), left())
        found = load(file)
        if code not in (0, 1) or found is None:
            raise Unusable(code or 1, "csdp replay: " + why(code, said))
        checks = replayed([dict(c, weights=c["deviations"]["weights"]["largest"]) for c in found["replays"]])
    rows, options = [], []
    for batch in a.batch:
        print("  csdp bench --batch %d" % batch, file=sys.stderr, flush=True)
        file = os.path.join(work, "ours%d.json" % batch)
        code, said = command(launcher + [
            "bench", "--device", a.device, "--data", a.data, "--hidden", ",".join(map(str, a.hidden)), "--batch", str(batch),
            "--steps", str(a.steps), "--repeats", str(a.windows), "--train-batches", str(a.warmup), "--json", file], left(),
            progress=r"  (training|inference) windows ")
        report = load(file)
        if code not in (0, 1) or report is None:
            raise Unusable(code or 1, "csdp bench: " + why(code, said))
        rows.append(ours(report, checks))
        options.append(report["options"])
    return rows, options


def why(code, said):
    """Returns the reason why a command failed: the line that names the error. JAX prints more lines after it."""
    if code is None:
        return "stopped, out of time"
    lines = said.splitlines() or ["no word"]
    errors = [l for l in lines if re.match(r"[\w.]*(Error|Exception|Interrupt)\b", l)]
    return (errors or lines)[-1][:300]


def peers(a, options, work, left):
    """Runs each peer on the networks that csdp4j was timed on. Returns rows, missing peers, and whether one failed."""
    jobs = {}
    for o in options:
        jobs.setdefault((tuple(o["hidden"]), o["steps"], o["repeats"], o["trained_batches"]), []).append(o["batch"])
    variants = [[os.path.join(HERE, v.split()[0])] + v.split()[1:] for v in (CPU if a.device == "cpu" else GPU)]
    variants = [[a.python] + v for v in variants]
    if a.released:
        variants.append([a.released_python or a.python, os.path.join(HERE, "released.py"), "--code", a.released])
    rows, missing, broken = [], [], False
    for job, ((hidden, steps, windows, trained), batches) in enumerate(jobs.items()):
        for i, v in enumerate(variants):
            name = " ".join([os.path.basename(v[1])] + v[2:])
            if not a.only.search(name):
                continue
            if left() < 5:
                missing.append("%s, %s: no time left" % (name, "-".join(map(str, hidden))))
                continue
            # csdp bench trains on each window twice (once part by part), after five more. Activity changes with training, so
            # peers have seen as many batches halfway through.
            warmup = trained + 5 + (windows - 1) // 2
            file = os.path.join(work, "peer%d.%d.json" % (job, i))
            line = v + ["--device", a.device, "--data", a.data, "--hidden", ",".join(map(str, hidden)), "--steps", str(steps),
                        "--batch", ",".join(map(str, batches)), "--windows", str(windows), "--warmup", str(warmup), "--json", file]
            if a.trace and "--code" not in v and job == 0:
                line += ["--trace"] + peer.traces(a.trace)
            print("  " + name, file=sys.stderr, flush=True)
            code, said = command(line, left())
            found = load(file) or dict(training=[], checks=[])
            checks = replayed(found["checks"])
            for r in found["training"]:
                rows.append(row("%s, %s" % (found["framework"], found["variant"]), found["device"], r, checks))
            if code != 0:
                missing.append("%s, %s: %s" % (name, "-".join(map(str, hidden)), why(code, said)))
                broken |= code not in (None, 3)
                if a.verbose:
                    print(said, file=sys.stderr)
    return rows, missing, broken


def table(rows, missing):
    best = {(r["network"], r["batch"]): r["ms_per_step"] for r in rows if r["who"].startswith("csdp4j")}
    lines = [("who", "device", "network", "B", "N", "ms/step", "quartiles", "windows", "/ ours", "spikes per sample and step",
              "recorded runs")]
    for r in sorted(rows, key=lambda r: (-len(r["network"]), r["network"], -r["batch"], not r["who"].startswith("csdp4j"))):
        mine = best.get((r["network"], r["batch"]))
        r["ratio_to_ours"] = r["ms_per_step"] / mine if mine else None
        c = r["recorded_runs"]
        lines.append((
            r["who"], r["device"], r["network"], str(r["batch"]), str(r["samples"]), "%.3f" % r["ms_per_step"],
            "%.3f..%.3f" % (r["q1"], r["q3"]), str(r["windows"]), "%.2f" % r["ratio_to_ours"] if mine else "-",
            " ".join("%s %.2f" % (p, s) for p, s in sorted(r["spikes"].items())),
            "-" if c is None else "%s, %s of %s spikes differ%s" % (
                "ok" if c["passed"] else "FAILED", format(c["spikes_differing"], ","), format(c["spikes_compared"], ","),
                "" if c["weights"] is None else ", weights %.0e" % c["weights"])))
    widths = [max(len(l[k]) for l in lines) for k in range(len(lines[0]))]
    text = ["  ".join(cell.rjust(w) if k in (3, 4, 5, 7, 8) else cell.ljust(w) for k, (cell, w) in enumerate(zip(l, widths))).rstrip()
            for l in lines]
    return "\n".join(text + ["not measured: " + m for m in missing])


def machine(device):
    cpu = next((l.split(": ", 1)[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), None)
    gpu = None
    if device != "cpu":
        code, said = command(["nvidia-smi", "--query-gpu=name,driver_version,clocks.max.sm", "--format=csv,noheader", "-i", device], 20)
        gpu = said if code == 0 else None
    return dict(cpu=cpu, cores=os.cpu_count(), gpu=gpu, load_average=os.getloadavg(),
                time=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))


def pattern(text):
    try:
        return re.compile(text)
    except re.error as e:
        raise argparse.ArgumentTypeError("%s: %s" % (text, e))


def main():
    p = peer.arguments(__doc__, DURATION)
    p.add_argument("--ours", nargs="+", metavar="JSON", help="recent reports of csdp bench or gpu_check.sh on this machine")
    p.add_argument("--only", type=pattern, default="", metavar="REGEX", help="peers whose command contains a match")
    p.add_argument("--minutes", type=float, default=60, help="time limit of the whole run (default: 60)")
    p.add_argument("--python", default=sys.executable, help="interpreter with JAX and PyTorch (default: this one)")
    p.add_argument("--released", metavar="FOLDER", help="a checkout of the author's code, see released.py")
    p.add_argument("--released-python", metavar="PYTHON", help="interpreter with the ngc-learn it needs (default: --python)")
    p.add_argument("--into", metavar="JSON", help="add the result to this file, as \"peers\"")
    p.add_argument("--verbose", action="store_true", help="print the whole output of a failing peer")
    a = p.parse_args()
    if not a.data:
        raise Unusable(2, "--data DIR is missing: a folder with MNIST's training images")
    peer.mnist(a.data) if a.ours else peer.images(a)
    peer.writable(a.json)
    if a.into and not isinstance(load(a.into), dict):
        raise Unusable(2, "--into %s holds no JSON object" % a.into)
    peer.traces(a.trace)
    if a.released:
        peer.released(a.released)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # finally-blocks end the peers
    start = time.monotonic()
    left = lambda: max(0.1, 60 * a.minutes - (time.monotonic() - start))
    with tempfile.TemporaryDirectory() as work:
        rows, options = ours_from_files(a.ours) if a.ours else ours_now(a, work, left)
        others, missing, broken = peers(a, options, work, left)
    rows += others
    text = table(rows, missing)
    print(text)
    result = dict(machine=machine(a.device), rows=rows, missing=missing, table=text.splitlines())
    peer.write(a.json, result)
    if a.into:
        whole = load(a.into)
        peer.write(a.into, dict(whole, peers=result))
    if broken or any(not r["recorded_runs"]["passed"] for r in rows if r["recorded_runs"] and "tf32" not in r["who"].split()):
        return 1
    return 0 if others else 3


if __name__ == "__main__":
    peer.main(main)
