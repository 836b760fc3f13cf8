"""`make bench`: measures, writes target/bench/report.md and target/bench/plot.svg, and prints a summary. With RECORD=1, also into docs."""

import os
import sys

from . import benchmark, plot, record, report
from .failure import BenchError
from .progress import Progress
from .settings import OUTPUT, ROOT, Settings


def main():
    results = benchmark.run(Settings.read(os.environ), Progress())
    text, image = report.markdown(results), plot.svg(results)
    (OUTPUT / "report.md").write_text(text)
    (OUTPUT / report.PLOT).write_text(image)
    if os.environ.get("RECORD") == "1":
        record.record(text, image)
    print(report.summary(results))
    print(f"\nAll tables: {(OUTPUT / 'report.md').relative_to(ROOT)}, plot: {(OUTPUT / report.PLOT).relative_to(ROOT)}")


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("Interrupted. No report was written.")
