# SPDX-License-Identifier: BSD-2-Clause
"""
TOML with places: tomllib reads the values, and a walk over the same text finds the line of each key and of each value, so
that whatever is wrong with a value is said with the file and the line. The text has been read by tomllib before it is
walked over, so the walk need not know what is no TOML.
"""

import difflib
import re
import tomllib

from .errors import ToolError

# Strings of four sorts, a comment, what structures a document, anything else.
TOKEN = re.compile(r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*|[\[\]{},=\n]|'
                   r'[^\[\]{},=\n"\'#]+', re.S)
KEY = re.compile(r'"[^"]*"|\'[^\']*\'|[\w-]+')
REQUIRED = object()


def _statements(text):
    """(line, [tokens before the first =], [(line, token) of the value]) of each header and each key."""
    line, depth, start, before, value, in_value = 1, 0, 1, [], [], False
    for token in [*TOKEN.findall(text), "\n"]:
        if token == "\n" and depth == 0:
            if before:
                yield start, before, value
            before, value, in_value, start = [], [], False, line + 1
        elif in_value:
            depth += (token in "[{") - (token in "]}")
            value.append((line, token))
        elif token == "=":
            in_value = True
        elif token.strip() and not token.startswith("#"):
            before.append(token.strip())
        line += token.count("\n")


def places(text):
    """{path of keys and numbers: (line, [(line, token) of its value])}."""
    found, table, counts = {}, (), {}
    for line, before, value in _statements(text):
        names = tuple(key.strip("\"'") for key in KEY.findall("".join(t for t in before if t not in "[]")))
        if before[0] != "[":
            found[table + names] = (line, value)
            continue
        if before[:2] == ["[", "["]:
            counts[names] = counts.get(names, -1) + 1
            table = (*names, counts[names])
        else:       # a table below the last of an array of tables is that one's
            above = next((names[:n] for n in range(len(names), 0, -1) if names[:n] in counts), None)
            table = names if above is None else (*above, counts[above], *names[len(above):])
        found[table] = (line, [])
    return found


class Source:
    """A file, its values, and where they stand."""

    def __init__(self, path, name):
        self.name = name
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ToolError(f"{name}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
        try:
            self.values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            said = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error), re.S)
            line = (said[2] if said else None) or max(1, len(text.splitlines()))
            raise ToolError(f"{name}:{line}: no TOML: {said[1] if said else error}") from None
        self.places = places(text)

    def line(self, path, value=None):
        """Of the longest part of the path that has a place, or of this value in what stands behind it."""
        if path and path not in self.places:    # an array of tables, of which its tables have places
            below = [line for place, (line, _) in self.places.items() if place[:len(path)] == path]
            if below:
                return min(below)
        path = next((path[:n] for n in range(len(path), 0, -1) if path[:n] in self.places), None)
        if path is None:
            return 1
        line, tokens = self.places[path]
        if value is not None:
            words = (str(value).lower(), f'"{value}"', f"'{value}'")
            line = next((at for at, token in tokens if token.strip() in words), line)
        return line

    def error(self, path, message, value=None):
        return ToolError(f"{self.name}:{self.line(path, value)}: {message}")


# -- kinds of value: each returns it, or raises ValueError with what it should have been --------------

def text(value):
    if not isinstance(value, str) or not value.strip():
        raise ValueError("not a text")
    return value


def flag(value):
    if not isinstance(value, bool):
        raise ValueError("not true or false")
    return value


def number(value):
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("not a whole number above 0")
    return value


def price(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 1e9:
        raise ValueError("not a number from 0 on")
    return value


def seconds(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e9:
        raise ValueError("not a number of seconds above 0")
    return value


def scalar(value):
    """What a swept boot parameter or argument may be."""
    if not isinstance(value, (str, int, bool)):
        raise ValueError("neither text, whole number, nor true or false")
    return value


def one_of(*words):
    def check(value):
        if value not in words:
            raise ValueError(f"not one of {', '.join(map(str, words))}")
        return value
    return check


def parsed(parse):
    """A value that the command line has too; its parser says what is wrong."""
    def check(value):
        try:
            return parse(str(value))
        except ToolError as error:
            raise ValueError(str(error).partition(": ")[2]) from None
    return check


class Table:
    """One table of the file, taken key by key; end() refuses what nobody took."""

    def __init__(self, source, path, values=None):
        self.source, self.path = source, path
        self.values = source.values if values is None else values
        self.known = []
        if not isinstance(self.values, dict):
            raise self.error("not a table of keys")

    def error(self, message, key=None, value=None):
        return self.source.error(self.path if key is None else (*self.path, key), message, value)

    def _get(self, key, default):
        self.known.append(key)
        if key not in self.values and default is REQUIRED:
            where = f"[{'.'.join(str(p) for p in self.path if isinstance(p, str))}] " if self.path else ""
            raise self.error(f"{where}has no {key}" if where else f"no {key}")
        return self.values.get(key, default)

    def take(self, key, kind, default=REQUIRED):
        value = self._get(key, default)
        return value if key not in self.values else self._checked(key, kind, value)

    def _checked(self, key, kind, value):
        try:
            return kind(value)
        except ValueError as error:
            raise self.error(f"{key}: {value!r}: {error}", key, value) from None

    def several(self, key, kind, default=REQUIRED, empty=False):
        """A list of that kind, each once."""
        value = self._get(key, default)
        if key not in self.values:
            return value
        if not isinstance(value, list):
            raise self.error(f"{key}: not a list", key)
        if not value and not empty:
            raise self.error(f"{key}: an empty list: nothing would be run", key)
        checked = [self._checked(key, kind, one) for one in value]
        for at, one in enumerate(checked):
            # 1 and true are equal to Python, and two values to a kernel.
            if not empty and (type(one), one) in [(type(other), other) for other in checked[:at]]:
                raise self.error(f"{key}: {value[at]!r} is there twice", key)
        return checked

    def table(self, key):
        """The table below, or an empty one."""
        return Table(self.source, (*self.path, key), self._get(key, {}))

    def tables(self, key):
        """The tables of an array of tables."""
        values = self._get(key, [])
        if not isinstance(values, list):
            raise self.error(f"[[{key}]] is written with two brackets", key)
        return [Table(self.source, (*self.path, key, at), one) for at, one in enumerate(values)]

    def swept(self, kind):
        """{name: [values]} of a table whose keys are the author's own."""
        return {key: self.several(key, kind) for key in self.values}

    def end(self):
        for key in self.values:
            if key not in self.known:
                near = difflib.get_close_matches(key, self.known, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self.known)}"
                raise self.error(f"unknown key {key}: {hint}", key)
