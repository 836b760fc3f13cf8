"""YAML as text with a structure. What does not change is copied as it is written, with its comments and layout.

Block mappings are taken apart into entries. Everything else (scalars, lists, intrinsic functions) is the text of its entry.
"""

from dataclasses import dataclass, field

import yaml
from samtranslator.yaml_helper import yaml_parse

from . import short_form
from .failure import CannotGenerate

INDENT = 2


@dataclass
class Entry:
    """`key: value`, with lines that are indented as if the entry stood at the beginning of a line."""

    key: str
    # Blank lines and comments.
    above: list = field(default_factory=list)
    # The whole text of the entry, or only the line with the key if there are entries.
    lines: list = field(default_factory=list)
    entries: list = field(default_factory=list)

    @classmethod
    def written(cls, key, value, depth):
        """An entry for a value that has no text yet."""
        if isinstance(value, dict) and value and not short_form.is_function(value):
            entries = [cls.written(name, item, depth + 1) for name, item in value.items()]
            return cls(key, lines=[f"{key}:"], entries=entries)
        return cls(key, lines=short_form.lines(key, value, depth * INDENT))

    def text(self):
        """Its lines, and those of its entries."""
        yield from self.above
        yield from self.lines
        for entry in self.entries:
            yield from (" " * INDENT + line if line else "" for line in entry.text())

    def value(self):
        [value] = yaml_parse("\n".join(self.text())).values()
        return value

    def named(self, key, above):
        """The same value under another key and other comments."""
        lines = [key + self.lines[0].removeprefix(self.key), *self.lines[1:]]
        return Entry(key, above, lines, self.entries)

    def child(self, key):
        return next((entry for entry in self.entries if entry.key == key), None)

    def update(self, value, depth):
        """Gives it this value. Only what differs loses its text."""
        if self.value() == value:
            return
        if not self.entries or not isinstance(value, dict) or not value or short_form.is_function(value):
            written = Entry.written(self.key, value, depth)
            self.lines, self.entries = written.lines, written.entries
            return
        self.entries = [entry for entry in self.entries if entry.key in value]
        before = None
        for key, item in value.items():
            entry = self.child(key)
            if entry:
                entry.update(item, depth + 1)
            else:
                self._insert_after(before, Entry.written(key, item, depth + 1))
            before = key

    def _insert_after(self, key, entry):
        index = next((index for index, other in enumerate(self.entries, 1) if other.key == key), 0)
        following = self.entries[index : index + 1]
        if following and following[0].above[:1] == [""]:
            entry.above = [""]
        self.entries.insert(index, entry)


class Document(Entry):
    """A whole file."""

    @classmethod
    def read(cls, text):
        lines = text.splitlines()
        return cls(key="", entries=_entries(lines, yaml.compose(text), 0, len(lines)))

    def text(self):
        return "".join(f"{line}\n" for entry in self.entries for line in entry.text())

    def value(self):
        return yaml_parse(self.text())

    def update(self, value):
        super().update(value, depth=-1)


def _entries(lines, mapping, first, stop):
    """The entries of a block mapping, whose text is within these lines."""
    starts = [key.start_mark.line for key, _ in mapping.value]
    begins = []
    for start in starts:
        begin = start
        while begin > first and _is_no_content(lines[begin - 1]):
            begin -= 1
        begins.append(begin)
        first = start + 1
    return [
        _entry(lines, key, value, begin, start, end)
        for (key, value), begin, start, end in zip(mapping.value, begins, starts, [*begins[1:], stop])
    ]


def _entry(lines, key, value, begin, start, stop):
    above = [line.strip() for line in lines[begin:start]]
    if not lines[start].lstrip().startswith(f"{key.value}:"):
        raise CannotGenerate(f"Write this key without quotes and at the beginning of a line: {lines[start].strip()}")
    if isinstance(value, yaml.MappingNode) and not value.flow_style and value.tag == "tag:yaml.org,2002:map":
        return Entry(key.value, above, [lines[start].strip()], _entries(lines, value, start + 1, stop))
    return Entry(key.value, above, [line[key.start_mark.column :] for line in lines[start:stop]])


def _is_no_content(line):
    return not line.strip() or line.lstrip().startswith("#")
