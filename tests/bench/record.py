"""`make bench RECORD=1`: puts the report and the plot into the documentation."""

from .failure import BenchError
from .report import PLOT
from .settings import ROOT

PAGE = ROOT / "docs" / "performance.md"
START, END = "## The last measurement\n", "## What is measured\n"
RECORDED_PLOT = "performance.svg"


def record(report, image):
    PAGE.write_text(replaced(PAGE.read_text(), report))
    (PAGE.parent / RECORDED_PLOT).write_text(image)


def replaced(page, report):
    """The page with this report between the two headings, without its title, and with its headings one level lower."""
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise BenchError(f"{PAGE.name} has no section between the headings {START.strip()!r} and {END.strip()!r}. Nothing was recorded.")
    body = report.partition("\n")[2].replace("\n## ", "\n### ").replace(f"({PLOT})", f"({RECORDED_PLOT})").strip()
    return f"{before}{start}\n{body}\n\n{end}{after}"
