"""`make bench-test`: the whole benchmark in short form. No test depends on a time."""

import dataclasses
import subprocess
import unittest

from bench import benchmark, certificate, cpu_share, functions, report, sample
from bench.account import Account
from bench.failure import BenchError
from bench.functions import NODE, OURS, PYTHON
from bench.settings import FULL_SPEED, OUTPUT, Condition, Settings


class Benchmark(unittest.TestCase):
    def test_all_functions_do_the_work_and_are_reported(self):
        settings = Settings(rounds=2, conditions=FULL_SPEED, audited_roles=(3,), judgement=False)
        lines = []
        results = benchmark.run(settings, lines.append)
        at_30 = {name: series.samples for (name, condition), series in results.series.items() if condition == FULL_SPEED[1]}
        # Calls, one after the other, connections. Ours also writes the guardrail policy. On a busy machine, calls that start side
        # by side can be served one after the other, hence the better sample.
        counts = {name: min((found.calls, found.trips, found.connections) for found in samples) for name, samples in at_30.items()}
        self.assertEqual(counts, {OURS: (5, 3, 3), PYTHON: (4, 4, 1), NODE: (4, 4, 1)})
        for found in (found for samples in at_30.values() for found in samples):
            self.assertEqual(len(found.warm), sample.WARM_REQUESTS)
            self.assertLess(found.init, found.cold)
        [audited] = results.audits
        self.assertEqual(audited.roles, 3)
        text = report.markdown(results)
        self.assertIn("## Audit", text)
        self.assertIn("aim", report.summary(results))
        self.assertIn("30 ms per call, CPU not throttled: round 2 of 2", lines)


class Failures(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.trust = certificate.make(OUTPUT / "certificates", functions.usual_roots())
        cls.ours = functions._ours(cls.trust)

    def take(self, function):
        return sample.take(function, Condition(0, False), Account(), self.trust.server)

    def test_a_function_that_ends_is_reported_with_its_output(self):
        broken = dataclasses.replace(self.ours, command=("/bin/sh", "-c", "echo no such thing; exit 3"))
        with self.assertRaises(BenchError) as raised:
            self.take(broken)
        self.assertEqual(str(raised.exception), f"{OURS} ended with code 3. Its last output:\nno such thing")


class Share(unittest.TestCase):
    def test_a_busy_process_is_stopped_again_and_again(self):
        if reason := cpu_share.why_unavailable():
            self.skipTest(reason)
        with cpu_share.CpuShare() as share:
            busy = subprocess.Popen(["/bin/sh", "-c", "read -r go; while :; do :; done"], stdin=subprocess.PIPE)
            try:
                share.add(busy.pid)
                busy.stdin.write(b"\n")
                busy.stdin.flush()
                while share.throttled_periods() < 3:
                    self.assertIsNone(busy.poll())
            finally:
                busy.kill()
                busy.wait()
                busy.stdin.close()


if __name__ == "__main__":
    unittest.main()
