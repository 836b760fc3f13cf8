"""The report: Markdown tables of all results, and a short summary for the terminal."""

from .results import cold, first, init, memory, warm

PLOT = "plot.svg"


def markdown(results):
    return "\n".join(
        [
            "# The function compared with Python and Node",
            "",
            *_machine(results),
            "",
            f"![Cold start, warm request and memory]({PLOT})",
            "",
            *_aims(results),
            "",
            *_cold(results),
            "",
            *_first(results),
            "",
            *_warm(results),
            "",
            *_resources(results),
            "",
            *_audits(results),
            *_judgement(results),
        ]
    )


def summary(results):
    """For the terminal: the cold starts and the aims."""
    lines = [f"{'cold start':<38}{'median':>10}{'compared with Python (95 % interval)':>40}"]
    for condition in results.conditions:
        lines.append(condition.title)
        for function in results.functions:
            spread, ratio = results.spread(function, condition, cold), results.ratio(function, condition, cold)
            lines.append(f"  {function.name:<36}{_ms(spread.median):>10}{_ratio(ratio):>40}")
    lines.append("")
    lines += [f"{aim.verdict:<13}{aim.text}: {_reached(aim)}, aim {_number(aim.limit)}{aim.unit}" for aim in results.aims()]
    return "\n".join([*lines, *results.gaps])


def _machine(results):
    lines = [f"Medians of {results.rounds} rounds, on:", ""]
    return [*lines, *(f"- {line}" for line in results.machine), *(f"- {gap}" for gap in results.gaps)]


def _aims(results):
    lines = ["## Aims", "", "| aim | at most | measured | |", "| --- | ---: | ---: | --- |"]
    return lines + [f"| {aim.text} | {_number(aim.limit)}{aim.unit} | {_reached(aim)} | {aim.verdict} |" for aim in results.aims()]


def _cold(results):
    lines = [
        "## Cold start",
        "",
        "From the start of the process until the answer arrives. Python is 1.00; in brackets the 95 % interval of the ratio.",
        "",
    ]
    return lines + _times(results, results.conditions, cold, init, "until it asks for the event")


def _first(results):
    lines = ["## First request", "", "From the event until the answer arrives, in a fresh process.", ""]
    return lines + _times(results, results.conditions, first)


def _warm(results):
    lines = ["## Warm request", "", "The same for a later event of the same process.", ""]
    return lines + _times(results, results.conditions, warm)


def _times(results, conditions, of, part=None, part_title=""):
    head = ["condition", "function", "median", "half of the samples", *([part_title] if part else []), "compared with Python"]
    rows = []
    for condition in conditions:
        for function in results.functions:
            spread = results.spread(function, condition, of)
            parts = [_ms(results.spread(function, condition, part).median)] if part else []
            half = f"{_ms(spread.low)} to {_ms(spread.high)}"
            rows.append([condition.title, function.name, _ms(spread.median), half, *parts, _ratio(results.ratio(function, condition, of))])
    return _table(head, rows)


def _resources(results):
    condition = results.conditions[-1 if len(results.conditions) < 2 else 1]
    head = ["function", "memory", "package, zipped", "unpacked", "calls to IAM", "one after the other", "connections to IAM", "in the package"]
    rows = []
    for function in results.functions:
        series, size = results.series[function.name, condition], results.sizes[function.name]
        # On a busy machine, calls that start side by side can be served one after the other.
        best = min(series.samples, key=lambda sample: sample.trips)
        rows.append(
            [
                function.name,
                _mb(results.spread(function, condition, memory).median),
                _mb(size.zipped),
                _mb(size.unpacked),
                str(best.calls),
                str(best.trips),
                str(best.connections),
                function.package_note,
            ]
        )
    note = "Memory is the most that was resident (VmHWM), after four requests. The calls are those of one create; the answer is one more."
    return ["## Memory, package, calls", "", note, "", *_table(head, rows)]


def _audits(results):
    if not results.audits:
        return []
    head = ["CPU", "roles", "time", "calls", "one after the other", "memory"]
    rows = [
        [_cpu(audit.throttled), str(audit.roles), f"{audit.seconds:.2f} s", str(audit.calls), str(audit.trips), _mb(audit.memory)]
        for audit in results.audits
    ]
    note = "From the event to the report, in a fresh process, at 30 ms per call."
    return ["## Audit", "", note, "", *_table(head, rows), ""]


def _judgement(results):
    if not results.judgement:
        return []
    head = ["judgement of", "characters", "first", "fastest", "median"]
    note = "The pure function that judges a policy, in a process of its own. The first judgement also reads the catalogue."
    return ["## Judgement of a large policy", "", note, "", *_table(head, results.judgement), ""]


def _table(head, rows):
    """Columns of numbers are aligned on the right, the first column and columns of text on the left."""
    numbers = [column > 0 and all(row[column][:1].isdigit() for row in rows) for column in range(len(head))]
    line = "| " + " | ".join("---:" if number else "---" for number in numbers) + " |"
    return ["| " + " | ".join(head) + " |", line, *("| " + " | ".join(row) + " |" for row in rows)]


def _cpu(throttled):
    return "share of 128 MB" if throttled else "not throttled"


def _ms(seconds):
    milliseconds = seconds * 1000
    return f"{milliseconds:,.1f} ms" if milliseconds < 100 else f"{milliseconds:,.0f} ms"


def _mb(size):
    return f"{size / 1e6:.2f} MB" if size < 1e6 else f"{size / 1e6:.1f} MB"


def _ratio(ratio):
    return f"{ratio.median:.3f} ({ratio.low:.3f} to {ratio.high:.3f})" if ratio.median != 1 else "1.00"


def _number(value):
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _reached(aim):
    return "–" if aim.reached is None else f"{aim.reached:.3g}{aim.unit}"
