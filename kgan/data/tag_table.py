"""The table that has the words of images: a CSV file in UTF-8.

Its first line names the columns: `file`, and one column an attribute. Each line after it has an image's path, from the
folder that the table is in, and a word for each attribute:

    file,hair,eyes
    faces/2.jpg,blonde,pink

Names and words are single words in letters, digits and hyphens, which a prompt can say; a column has at least two
different ones. Spaces around them mean nothing, nor do capitals.
"""

import csv
import os
from pathlib import Path
from typing import NamedTuple

from kgan.errors import InputError

FILE = "file"
EXAMPLE = "expected a first line such as file,hair,eyes and then a line for each image"
NO_WORD = "is not one word in letters, digits and hyphens, such as light-blue, which a prompt could say; rename it"


class Table(NamedTuple):
    """A table as it was read: what each of its lines says, the first one excepted.

    Attributes:
        path: The CSV file.
        names: The attributes.
        lines: The lines' numbers in the file.
        files: The lines' images, as they are written.
        words: Of each line, one an attribute.
    """

    path: Path
    names: list[str]
    lines: list[int]
    files: list[str]
    words: list[list[str]]

    def where(self, row: int) -> str:
        """Returns what messages call a line, by its place in the lists."""
        return f"{self.path}, line {self.lines[row]}"


def read_table(path: str | os.PathLike) -> Table:
    """Reads a table, whatever images there are.

    Raises:
        InputError: If it is missing or not of the form above; with the number of the line.
    """
    path = Path(path)
    rows = _read_csv(path)
    if len(rows) < 2:
        raise InputError(f"{path} has {'no lines of images' if rows else 'nothing in it'}; {EXAMPLE}.")
    (line, header), *rows = rows
    names = [name.casefold() for name in header]
    _check_header(f"{path}, line {line}", names)
    column = names.index(FILE)
    table = Table(path, names[:column] + names[column + 1 :], [], [], [])
    for line, row in rows:
        if len(row) != len(names):
            raise InputError(f"{path}, line {line}: {len(row)} fields where the first line has {len(names)}.")
        if "" in row:
            raise InputError(f"{path}, line {line}: {names[row.index('')]!r} is empty; fill it in or remove the line.")
        table.lines.append(line)
        table.files.append(row.pop(column))
        table.words.append([word.casefold() for word in row])
        for name, word in zip(table.names, table.words[-1], strict=True):
            if not is_word(word):
                raise InputError(f"{path}, line {line}: {name!r} {word!r} {NO_WORD}.")
    _refuse_constant(table)
    return table


def is_word(text: str) -> bool:
    """Tells whether a prompt can say this: a single word, in small letters, digits and hyphens."""
    return text.replace("-", "").isalnum() and text == text.lower()


def _refuse_constant(table: Table) -> None:
    for name, column in zip(table.names, zip(*table.words, strict=True), strict=True):
        if len(set(column)) == 1:
            raise InputError(
                f"{table.path}: column {name!r} has {column[0]!r} in every line, and tells no image from another; "
                "remove it or add another word."
            )


def _read_csv(path: Path) -> list[tuple[int, list[str]]]:
    """Returns the lines that are not blank: number and fields."""
    try:
        # Spreadsheets put a mark at the beginning, which this codec takes away.
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            return [(reader.line_num, [field.strip() for field in row]) for row in reader if row]
    except OSError as error:
        raise InputError(f"tags {str(path)!r} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text (byte {error.start}); save it as CSV in UTF-8.") from error
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num} is no CSV: {error}.") from error


def _check_header(where: str, names: list[str]) -> None:
    if FILE not in names:
        raise InputError(f"{where}: no column {FILE!r} among {', '.join(map(repr, names))}; {EXAMPLE}.")
    if len(names) == 1:
        raise InputError(f"{where}: no column but {FILE!r}; {EXAMPLE}.")
    for place, name in enumerate(names):
        if not name:
            raise InputError(f"{where}: column {place + 1} has no name; give it one.")
        if name in names[:place]:
            raise InputError(f"{where}: two columns are called {name!r}; rename or remove one.")
        if not is_word(name):
            raise InputError(f"{where}: the name {name!r} {NO_WORD}.")
