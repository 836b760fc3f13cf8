"""Applies the deviations of patch.yaml. A deviation that no longer fits template.yaml is an error, never skipped."""

import copy
from fnmatch import fnmatchcase

from .document import Document, Entry
from .failure import CannotGenerate

WHAT_THERE_IS = {"because", "always", "parameters", "changes", "everywhere", "words"}
INTERFACE = "Metadata.AWS::CloudFormation::Interface"


def read(text):
    """The deviations, in order."""
    deviations = Document.read(text).entries
    for deviation in deviations:
        names = [part.key for part in deviation.entries]
        if not WHAT_THERE_IS.issuperset(names) or "because" not in names:
            raise CannotGenerate(f"{deviation.key} in patch.yaml must say `because`, and otherwise only {sorted(WHAT_THERE_IS)}.")
    return deviations


def always_true(deviations):
    """The conditions that are always true."""
    return [name for deviation in deviations for name in _part(deviation, "always", [], lambda part: part.value())]


def apply(deviation, document):
    for parameter in _part(deviation, "parameters"):
        _add_parameter(parameter, document)
    for change in _part(deviation, "changes"):
        _change(change, document)
    for replacement in _part(deviation, "everywhere"):
        _replace(replacement, document)
    for words in _part(deviation, "words"):
        parent, entry = _find(document, words.key)
        _put(parent, entry, words.named(entry.key, entry.above))


def _part(deviation, name, default=(), of=lambda part: part.entries):
    part = deviation.child(name)
    return of(part) if part else default


def _add_parameter(parameter, document):
    """A parameter that template.yaml does not have: `definition`, `label`, and its place `after` or `before` another."""
    place = parameter.child("after") or parameter.child("before")
    other = place.value()
    _, parameters = _find(document, "Parameters")
    definition = parameter.child("definition")
    _add(parameters, definition.named(parameter.key, definition.above), place)
    _, labels = _find(document, f"{INTERFACE}.ParameterLabels")
    label = Entry.written(parameter.key, {"default": parameter.child("label").value()}, depth=3)
    _add(labels, label, place)
    _, groups = _find(document, f"{INTERFACE}.ParameterGroups")
    index, line = next(
        ((index, line) for index, line in enumerate(groups.lines) if line.strip() == f"- {other}"), (None, None)
    )
    if index is None:
        raise CannotGenerate(f"{INTERFACE}.ParameterGroups in template.yaml has no line `- {other}`.")
    groups.lines.insert(index + (place.key == "after"), line.replace(other, parameter.key))


def _change(change, document):
    """`from` and `to` replace, `from` alone removes, `to` alone adds. Comments above `to` go with it."""
    expected, wanted = change.child("from"), change.child("to")
    if expected is None:
        path, _, key = change.key.rpartition(".")
        _, parent = _find(document, path)
        if parent.child(key):
            raise CannotGenerate(f"patch.yaml adds {change.key}, but template.yaml has it already. Change patch.yaml.")
        _add(parent, wanted.named(key, wanted.above), change.child("before") or change.child("after"))
        return
    for parent, entry in _find_all(document, change.key):
        if entry.value() != expected.value():
            raise CannotGenerate(
                f"patch.yaml changes {change.key} from {expected.value()!r}, but template.yaml now comes to {entry.value()!r}. "
                "Decide what stackset.yaml must have there and change patch.yaml."
            )
        if wanted is None:
            parent.entries.remove(entry)
        else:
            _put(parent, entry, wanted.named(entry.key, wanted.above or entry.above))


def _replace(replacement, document):
    """Replaces one text by another wherever it is the end of a line, so that no longer text that begins alike is touched."""
    before, after = (_only_line(replacement, name) for name in ("from", "to"))
    found = list(_lines(document, before))
    if not found:
        raise CannotGenerate(f"patch.yaml replaces {before!r} everywhere, but template.yaml has it nowhere. Change patch.yaml.")
    for entry, index in found:
        entry.lines[index] = entry.lines[index].removesuffix(before) + after


def _only_line(replacement, name):
    [line] = replacement.child(name).lines
    return line.removeprefix(f"{name}: ")


def _lines(entry, end):
    """Each line that ends in this text, as its entry and its number there."""
    yield from ((entry, index) for index, line in enumerate(entry.lines) if line.endswith(f" {end}"))
    for inner in entry.entries:
        yield from _lines(inner, end)


def _put(parent, entry, another):
    parent.entries[parent.entries.index(entry)] = copy.deepcopy(another)


def _add(parent, entry, place):
    """Adds an entry at a place, by default at the end. Before the first of a section it takes over the section's heading."""
    if place is None:
        parent.entries.append(entry)
        return
    other = parent.child(place.value())
    if other is None:
        raise CannotGenerate(f"patch.yaml puts {entry.key} {place.key} {place.value()}, which template.yaml does not have.")
    index = parent.entries.index(other)
    if place.key == "after":
        parent.entries.insert(index + 1, entry)
        return
    heading = len(other.above) - other.above[::-1].index("") if "" in other.above else 0
    entry.above = other.above[:heading] + entry.above
    other.above = other.above[heading:]
    parent.entries.insert(index, entry)


def _find(document, path):
    """The one entry with this path, after its parent."""
    return _find_all(document, path)[0]


def _find_all(document, path):
    """All entries with this path, each after its parent. `*` in a step matches any characters."""
    found = [(None, document)]
    for step in path.split("."):
        found = [(parent, entry) for _, parent in found for entry in parent.entries if fnmatchcase(entry.key, step)]
    if not found:
        raise CannotGenerate(f"patch.yaml names {path}, but template.yaml has no such place. Change patch.yaml.")
    return found
