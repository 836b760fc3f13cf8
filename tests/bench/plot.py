"""The plot: one panel for each measurement, with a bar for each function. All bars are relative to Python, which is 1.00."""

from xml.sax.saxutils import escape

from .functions import NODE, OURS, PYTHON
from .results import cold, memory, warm

WIDTH, MARGIN, GAP = 960, 24, 32
PANEL_WIDTH = (WIDTH - 2 * MARGIN - GAP) // 2
TITLE_HEIGHT, BAR, SPACE = 30, 20, 12
PANEL_HEIGHT = TITLE_HEIGHT + 3 * (BAR + SPACE) + 18
HEAD = 74
NAME_WIDTH, LABEL_WIDTH = 58, 128
# Distinct also without colours, by lightness.
COLOURS = {OURS: "#b7410e", PYTHON: "#3b6ea5", NODE: "#8fae8b"}
SHORT = {OURS: "this", PYTHON: "Python", NODE: "Node"}


def svg(results):
    panels = [(f"Cold start, {condition.title}", condition, cold, _seconds) for condition in results.conditions]
    last = results.conditions[min(1, len(results.conditions) - 1)]
    panels.append((f"Warm request, {last.title}", last, warm, _seconds))
    panels.append(("Memory", last, memory, _bytes))
    rows = (len(panels) + 1) // 2
    height = HEAD + rows * (PANEL_HEIGHT + 14) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img" '
        'font-family="Helvetica, Arial, sans-serif" font-size="13" fill="#222">',
        "<title>The function compared with Python and Node</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(MARGIN, 32, "A create request: this function, Python (crhelper, boto3) and Node (AWS SDK v3)", size=18, weight="bold"),
        _text(MARGIN, 54, "Shorter is better. Python = 1.00 in every panel. Lines: half of the samples.", colour="#555"),
    ]
    for index, (title, condition, of, shown) in enumerate(panels):
        x = MARGIN + (index % 2) * (PANEL_WIDTH + GAP)
        y = HEAD + (index // 2) * (PANEL_HEIGHT + 14)
        parts += _panel(results, x, y, title, condition, of, shown)
    note = f"Medians of {results.rounds} rounds on one machine, against a fake IAM. Method and limits: docs/performance.md"
    parts.append(_text(MARGIN, height - 14, note, colour="#555", size=12))
    return "\n".join([*parts, "</svg>", ""])


def _panel(results, x, y, title, condition, of, shown):
    spreads = {function.name: results.spread(function, condition, of) for function in results.functions}
    base = spreads[PYTHON].median
    # The longest line fits.
    longest = max(max(spread.high, spread.median) for spread in spreads.values()) / base
    scale = (PANEL_WIDTH - NAME_WIDTH - LABEL_WIDTH) / longest
    parts = [_text(x, y + 16, title, weight="bold")]
    for index, function in enumerate(results.functions):
        spread, ratio = spreads[function.name], results.ratio(function, condition, of)
        top = y + TITLE_HEIGHT + index * (BAR + SPACE)
        left, middle = x + NAME_WIDTH, top + BAR / 2
        low, median, high = (left + value / base * scale for value in (spread.low, spread.median, spread.high))
        parts.append(_text(left - 8, middle + 4.5, SHORT[function.name], anchor="end"))
        parts.append(f'<rect x="{left}" y="{top}" width="{median - left:.1f}" height="{BAR}" fill="{COLOURS[function.name]}"/>')
        parts.append(f'<path d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 4}v8M{high:.1f} {middle - 4}v8" stroke="#222" fill="none"/>')
        weight = "bold" if function.name == OURS else "normal"
        label = f"{shown(spread.median)}  ({ratio.median:.2f})"
        parts.append(_text(max(median, high) + 8, middle + 4.5, label, weight=weight))
    axis = y + TITLE_HEIGHT - 6
    parts.append(f'<path d="M{x + NAME_WIDTH} {axis}v{3 * (BAR + SPACE)}" stroke="#999" fill="none"/>')
    return parts


def _text(x, y, text, size=13, weight="normal", anchor="start", colour="#222"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _seconds(seconds):
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms" if seconds >= 0.1 else f"{seconds * 1000:.1f} ms"


def _bytes(size):
    return f"{size / 1e6:.1f} MB"
