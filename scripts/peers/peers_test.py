#!/usr/bin/env python3
"""Tests of the peers' scripts that need NumPy only: exit codes, progress, and released.py with a stand-in for the author's
code. Run by PeersTest.java; by hand: python3 scripts/peers/peers_test.py
"""
import contextlib
import importlib.util
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import textwrap
import unittest

import numpy as np

import peer

HERE = os.path.dirname(os.path.abspath(__file__))
TRACE = os.path.join(HERE, "..", "..", "src", "test", "resources", "traces", "tiny_supervised.npz")


def run(script, *options, **environment):
    """Its exit code, stdout and stderr."""
    p = subprocess.run([sys.executable, os.path.join(HERE, script), *options], capture_output=True, text=True,
                       env=dict(os.environ, **environment), timeout=300)
    return p.returncode, p.stdout, p.stderr


class Scripts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.data = self.path("mnist")
        os.mkdir(self.data)
        rng = np.random.default_rng(1)
        for name, values in (("images-idx3", rng.integers(0, 256, (40, 4, 4))), ("labels-idx1", np.arange(40) % 10)):
            with open(self.path("mnist", "train-%s-ubyte" % name), "wb") as f:
                f.write(struct.pack(">BBBB%dI" % values.ndim, 0, 0, 8, values.ndim, *values.shape) + values.astype(np.uint8).tobytes())

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def file(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w") as f:
            f.write(textwrap.dedent(text))
        os.chmod(self.path(name), mode)
        return self.path(name)

    def one_line(self, stderr, *words):
        self.assertEqual(1, len(stderr.splitlines()), stderr)
        for w in words:
            self.assertIn(w, stderr)


class Compare(Scripts):
    def ours(self):
        """A report of csdp bench, as far as it is read."""
        return self.file("ours.json", json.dumps(dict(
            passed=True, device="cpu", network="16-8-10 supervised", machine=dict(csdp4j="0"),
            options=dict(batch=4, hidden=[8], steps=2, repeats=1, trained_batches=1),
            training=dict(samples=8, steps=2, us_per_step_of_windows=[1000.0], spikes_per_sample_and_step=dict(z1=1.0)))))

    def compare(self, body, *options):
        """compare.py with one peer, which is this Python program instead of jax_scan.py."""
        python = self.file("python", "#!%s\nimport json, sys, time\n" % sys.executable + textwrap.dedent(body), 0o755)
        return run("compare.py", "--data", self.data, "--ours", self.ours(), "--only", "jax_scan", "--python", python,
                   "--json", self.path("out.json"), *options)

    TIMED = """
        print("progress: window 1 of 3, 1.0 ms per step, about 2 s left", file=sys.stderr)
        with open(sys.argv[sys.argv.index("--json") + 1], "w") as f:
            json.dump(dict(framework="Fake", variant="fast", device="cpu", checks=%s, training=[dict(
                network="16-8-10", batch=4, samples=8, steps=2, us_per_step_of_windows=[2000.0],
                spikes_per_sample_and_step=dict(z1=1.0))]), f)
        """

    def test_ratio_and_progress(self):
        code, out, err = self.compare(self.TIMED % "[]")
        self.assertEqual(0, code, err)
        self.assertEqual(["  jax_scan.py", "    window 1 of 3, 1.0 ms per step, about 2 s left"], err.splitlines())
        with open(self.path("out.json")) as f:
            self.assertEqual([1.0, 2.0], [r["ratio_to_ours"] for r in json.load(f)["rows"]])

    def test_the_only_peer_broke(self):
        code, out, err = self.compare("raise ValueError('no such shape')")
        self.assertEqual(1, code, err)
        self.assertIn("not measured: jax_scan.py, 8: ValueError: no such shape", out)

    def test_the_only_peer_is_not_installed(self):
        code, out, err = self.compare("print('no JAX'); sys.exit(3)")
        self.assertEqual(3, code, err)
        self.assertIn("not measured: jax_scan.py, 8: no JAX", out)

    def test_the_only_peer_ran_out_of_time(self):
        code, out, err = self.compare("time.sleep(60)", "--minutes", "0.1")
        self.assertEqual(3, code, err)
        self.assertRegex(out, "jax_scan.py, .*: (stopped, out of time|no time left)")

    def test_a_recorded_run_that_differs(self):
        code, out, err = self.compare(
            self.TIMED % "[dict(passed=False, weights=0.1, spikes_compared=9, spikes_differing=3)]")
        self.assertEqual(1, code, err)
        self.assertIn("FAILED, 3 of 9 spikes differ", out)

    def test_bad_input_is_refused_before_anything_is_timed(self):
        for word, options in (("--into", ["--into", self.path("missing.json")]), ("csdp_model.py", ["--released", self.folder]),
                              ("cannot write", ["--json", self.path("missing", "out.json")])):
            code, out, err = self.compare(self.TIMED % "[]", *options)
            self.assertEqual(2, code, err)
            self.one_line(err, word)
            self.assertFalse(os.path.exists(self.path("out.json")))


class Released(Scripts):
    """The released code's demands on its surroundings, without its model and without JAX."""

    def setUp(self):
        super().setUp()
        self.file("code/json_files/config.json", '{"logging": "logging/log.txt"}')
        self.file("code/csdp_model.py", """
            import json, os
            import numpy as np
            with open(json.load(open("json_files/config.json"))["logging"], "a") as f:
                f.write("new log")

            def makedir(directory):  # as ngc-learn's: an absolute path has an empty first name
                prefix = ""
                for folder in directory.split("/"):
                    if not os.path.isdir(prefix + folder):
                        os.mkdir(prefix + folder)
                    prefix = prefix + folder + "/"

            class CSDP_SNN:
                def __init__(self, key, exp_dir=None, T=None, batch_size=None, **options):
                    makedir(exp_dir)
                    makedir(exp_dir + "/filters")
                    self.T = T

                def process(self, x, y, dkey, adapt_synapses, collect_rate_codes):
                    assert adapt_synapses and collect_rate_codes and len(x) == len(y)
                    rate = np.full((2 * len(x), 3), 2 / (self.T + 1))
                    return y, np.ones((2 * len(x), 10)), rate, rate, None, x
            """)
        self.file("site/jax.py", """
            import types
            import numpy
            __version__ = "0"
            random = types.SimpleNamespace(split=lambda key: (key, key), PRNGKey=lambda seed: seed)
            block_until_ready = lambda a: a
            devices = lambda kind: [types.SimpleNamespace(device_kind=kind)]
            """)
        self.file("site/ngclearn-1.2b3.dist-info/METADATA", "Metadata-Version: 2.1\nName: ngclearn\nVersion: 1.2b3\n")

    def released(self, *options):
        return run("released.py", "--code", self.path("code"), "--data", self.data, "--hidden", "3,3", "--batch", "4",
                   "--steps", "2", "--windows", "3", "--json", self.path("out.json"), *options, PYTHONPATH=self.path("site"))

    def test_a_fresh_checkout_is_timed_and_left_as_it_was(self):
        code, out, err = self.released("--warmup", "2")
        self.assertEqual(0, code, err)
        with open(self.path("out.json")) as f:
            r = json.load(f)
        self.assertEqual("released code, ngc-learn 1.2b3, JAX 0", r["framework"])
        timed = r["training"][0]
        self.assertEqual((2, 3), (timed["warm_up_windows"], len(timed["us_per_step_of_windows"])))
        self.assertAlmostEqual(3.0, timed["spikes_per_sample_and_step"]["z1"])  # 3 units, 2 spikes each in 2 steps
        self.assertEqual(["csdp_model.py", "json_files"], sorted(os.listdir(self.path("code"))))

    def test_bad_input(self):
        for word, options in (("--warmup 1", ["--warmup", "1"]), ("--trace", ["--warmup", "2", "--trace", TRACE]),
                              ("too few", ["--warmup", "2", "--batch", "41"]), ("two hidden", ["--hidden", "3"])):
            code, out, err = self.released(*options)
            self.assertEqual(2, code, err)
            self.one_line(err, word)


class Frameworks(Scripts):
    """Recorded runs where the framework is installed for this Python; otherwise one line and exit code 3."""

    def check(self, script, module, *options):
        code, out, err = run(script, "--trace", TRACE, *options)
        if importlib.util.find_spec(module):
            self.assertEqual(0, code, out + err)
            self.assertIn("0 of 955,500 differ", out)
        else:
            self.assertEqual(3, code, err)
            self.one_line(err, "not installed")

    def test_torch(self):
        self.check("torch_graph.py", "torch")

    def test_jax(self):
        self.check("jax_scan.py", "jax")


class Shared(unittest.TestCase):
    def test_progress_reports_the_rest_and_not_the_end(self):
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            progress = peer.Progress(3, "window")
            progress.SECONDS = 0
            for _ in range(3):
                progress.advance(90e6, 1.5e6)
        self.assertEqual(["progress: window 1 of 3, 1500.0 ms per step, about 3 min left",
                          "progress: window 2 of 3, 1500.0 ms per step, about 90 s left"], said.getvalue().splitlines())

    def test_every_help_says_how_long_a_run_takes(self):
        for script in ("compare.py", "jax_scan.py", "torch_graph.py", "released.py", "dense_numpy.py"):
            code, out, err = run(script, "--help")
            self.assertEqual(0, code, err)
            self.assertIn("how long it takes:", out, script)

    def test_counts(self):
        for options in (["--windows", "0"], ["--batch", "0"], ["--hidden", "8,x"], ["--steps", "-1"], ["--warmup", "-1"]):
            code, out, err = run("jax_scan.py", *options)
            self.assertEqual(2, code, err)
            self.assertIn("argument " + options[0], err)


if __name__ == "__main__":
    unittest.main()
