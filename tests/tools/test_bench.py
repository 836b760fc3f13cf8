"""The benchmark counts, compares and reports correctly. No process is started and nothing is timed."""

import json
import pathlib
import unittest
import urllib.parse
from xml.etree import ElementTree

from bench import event, plot, record, report, trips
from bench.account import Account, Call
from bench.audit import Audit
from bench.failure import BenchError
from bench.functions import NODE, OURS, PYTHON, Function
from bench.measurement import Series
from bench.packages import Size
from bench.results import Results
from bench.sample import Sample
from bench.server import Request
from bench.settings import FULL_SPEED, Condition, Settings
from bench.summary import Ratio, Spread


def calls(*times):
    return [Call("CreateRole", arrived, answered) for arrived, answered in times]


class Trips(unittest.TestCase):
    def test_calls_side_by_side_are_one_trip(self):
        self.assertEqual(trips.one_after_the_other([]), 0)
        self.assertEqual(trips.one_after_the_other(calls((0, 30), (31, 61), (62, 92))), 3)
        # The role, the guardrail policy, and three at the same time.
        self.assertEqual(trips.one_after_the_other(calls((0, 30), (31, 61), (62, 92), (62.5, 92.5), (63, 93))), 3)
        self.assertEqual(trips.one_after_the_other(calls((0, 100), (1, 31), (32, 62))), 2)


class Summary(unittest.TestCase):
    def test_a_spread_is_the_median_and_the_quartiles(self):
        self.assertEqual(Spread.of([5, 1, 4, 2, 3]), Spread(median=3, low=2, high=4))

    def test_a_ratio_compares_samples_of_the_same_round(self):
        # Each round has the ratio 0.5, however slow it was.
        self.assertEqual(Ratio.of([1, 10, 100], [2, 20, 200]), Ratio(0.5, 0.5, 0.5))
        ratio = Ratio.of([1, 2, 3, 4, 5], [10] * 5)
        self.assertEqual(ratio.median, 0.3)
        self.assertTrue(0.1 <= ratio.low < 0.3 < ratio.high <= 0.5, ratio)
        with self.assertRaises(ValueError):
            Ratio.of([1, 2], [1])


class SettingsOfMake(unittest.TestCase):
    def test_rounds(self):
        self.assertEqual(Settings.read({}).rounds, 15)
        self.assertEqual(Settings.read({"ROUNDS": "2"}).rounds, 2)
        for wrong in ("1", "0", "-3", "many", "2.5"):
            with self.assertRaises(BenchError) as raised:
                Settings.read({"ROUNDS": wrong})
            self.assertEqual(str(raised.exception), f"ROUNDS={wrong} must be a number from 2 on. Example: make bench ROUNDS=5")


class Work(unittest.TestCase):
    """What the functions must have done before a sample counts."""

    def setUp(self):
        self.account = Account()
        properties = event.create(0, "https://localhost")["ResourceProperties"]
        statement = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": event.PROVIDER},
            "Condition": {"StringEquals": {"sts:ExternalId": event.EXTERNAL_ID}},
        }
        tags = {
            name: value
            for number, tag in enumerate(properties["Tags"], 1)
            for name, value in ((f"Tags.member.{number}.Key", tag["Key"]), (f"Tags.member.{number}.Value", tag["Value"]))
        }
        self.call(
            "CreateRole",
            Path=properties["Path"],
            AssumeRolePolicyDocument=json.dumps({"Statement": [statement]}),
            PermissionsBoundary=event.BOUNDARY,
            **tags,
        )
        for arn in event.MANAGED:
            self.call("AttachRolePolicy", PolicyArn=arn)
        self.call("PutRolePolicy", PolicyName="custom", PolicyDocument=json.dumps(event.INLINE))
        self.role = self.account.roles[event.role_name(0)]

    def call(self, action, **parameters):
        form = {"Action": action, "Version": "2010-05-08", "RoleName": event.role_name(0), **parameters}
        return self.account.answer(Request("POST", "/", urllib.parse.urlencode(form).encode(), 0.0))

    def problem(self, answer=None):
        try:
            event.check(self.account, 0, answer or {"Status": "SUCCESS"})
        except BenchError as problem:
            return str(problem)
        return None

    def test_the_whole_work_is_accepted(self):
        self.assertIsNone(self.problem())
        self.assertEqual([call.action for call in self.account.calls], ["CreateRole", "AttachRolePolicy", "AttachRolePolicy", "PutRolePolicy"])

    def test_a_failure_is_reported(self):
        self.assertEqual(self.problem({"Status": "FAILED", "Reason": "denied"}), "A function answered FAILED: denied")

    def test_missing_work_is_reported(self):
        missing = "A function did not do the whole work. Wrong or missing in the account: "
        changes = {
            "the path": ("path", "/"),
            "the boundary": ("boundary", ""),
            "the principal of the trust policy": ("trust", self.role.trust.replace(event.PROVIDER, "*")),
            "the external ID of the trust policy": ("trust", self.role.trust.replace(event.EXTERNAL_ID, "x")),
            "the tags": ("tags", {"contract": "2026-0117"}),
            "the managed policies": ("attached", list(event.MANAGED[:1])),
            "the inline policy": ("inline", {}),
        }
        for what, (field, value) in changes.items():
            before = getattr(self.role, field)
            setattr(self.role, field, value)
            self.assertEqual(self.problem(), missing + what)
            setattr(self.role, field, before)
        self.account.roles.clear()
        self.assertEqual(self.problem(), missing + "the role")

    def test_an_unknown_call_is_reported(self):
        self.assertEqual(self.call("DeleteRole").status, 400)
        self.assertEqual(self.problem(), "The fake account does not know these calls: DeleteRole")


def results(conditions=FULL_SPEED, ours=0.1, memory=9_000_000, zipped=2_700_000):
    functions = [Function(name, (), pathlib.Path(), "note", {}, "1.0") for name in (OURS, PYTHON, NODE)]
    series = {}
    for function, cold in zip(functions, (ours, 1.0, 0.5)):
        sample = Sample(cold, cold / 2, cold, (cold / 4,) * 3, memory, 5, 3, 3)
        series |= {(function.name, condition): Series((sample,) * 3) for condition in conditions}
    audits = [Audit(10, False, 0.25, 61, 7, 10_000_000), Audit(10, True, 1.5, 61, 8, 10_100_000)]
    sizes = {function.name: Size(zipped, zipped * 2) for function in functions}
    return Results(functions, conditions, 3, series, sizes, audits, [["a policy", "10,000", "1ms", "1ms", "1ms"]], ["A gap."], ["A machine"])


class Report(unittest.TestCase):
    def test_aims(self):
        verdicts = [(aim.limit, aim.reached, aim.verdict) for aim in results().aims()]
        self.assertEqual(
            verdicts,
            [
                (0.15, 0.1, "reached"),
                (0.055, None, "not measured"),
                (1.15, 0.1 / 0.09, "reached"),
                (10, 9.0, "reached"),
                (3.5, 2.7, "reached"),
            ],
        )
        everything = (*FULL_SPEED, Condition(30, True))
        aims = results(everything, ours=0.2, memory=10_100_000, zipped=3_600_000).aims()
        self.assertEqual([aim.verdict for aim in aims], ["missed"] * 5)

    def test_every_table_and_gap_is_in_the_report(self):
        text = report.markdown(results())
        headings = [line for line in text.splitlines() if line.startswith("#")]
        self.assertEqual(
            headings,
            [
                "# The function compared with Python and Node",
                "## Aims",
                "## Cold start",
                "## First request",
                "## Warm request",
                "## Memory, package, calls",
                "## Audit",
                "## Judgement of a large policy",
            ],
        )
        self.assertIn("| 0 ms per call, CPU not throttled | Rust (this function) | 100 ms | 100 ms to 100 ms | 50.0 ms | 0.100 (0.100 to 0.100) |", text)
        self.assertIn("| share of 128 MB | 10 | 1.50 s | 61 | 8 | 10.1 MB |", text)
        self.assertIn("- A gap.", text)
        # All rows of a table have the columns of its head.
        for table in text.split("\n\n"):
            rows = [line.count("|") for line in table.splitlines() if line.startswith("|")]
            self.assertLessEqual(len(set(rows)), 1, table)

    def test_a_report_replaces_the_recorded_one(self):
        page = "# Page\n\n## The last measurement\n\nold\n\n## What is measured\n\n- this\n"
        text = record.replaced(page, "# Title\n\nNew ![plot](plot.svg)\n\n## Aims\n\nnone\n")
        new = "New ![plot](performance.svg)\n\n### Aims\n\nnone"
        self.assertEqual(text, f"# Page\n\n## The last measurement\n\n{new}\n\n## What is measured\n\n- this\n")
        self.assertEqual(record.replaced(text, "# Title\n\nold\n"), page)
        with self.assertRaises(BenchError):
            record.replaced("# Page\n", "# Title\n")
        self.assertIn("\n## The last measurement\n", record.PAGE.read_text())

    def test_the_plot_is_an_image_in_which_everything_is_inside(self):
        image = ElementTree.fromstring(plot.svg(results((*FULL_SPEED, Condition(0, True), Condition(30, True)))))
        width = float(image.get("width"))
        bars = [rect for rect in image if rect.tag.endswith("rect")][1:]
        self.assertEqual(len(bars), 18)
        for bar in bars:
            self.assertLess(float(bar.get("x")) + float(bar.get("width")), width)
        for text in (text for text in image if text.tag.endswith("text")):
            # A letter takes about 0.6 of the font size.
            length = len(text.text) * float(text.get("font-size")) * 0.6
            self.assertLess(float(text.get("x")) + (0 if text.get("text-anchor") == "end" else length), width, text.text)


if __name__ == "__main__":
    unittest.main()
