"""Counts pieces by machine and disposition in the answer of a query.

    python3 examples/by_machine.py verdicts.csv
    python3 examples/by_machine.py verdicts.parquet

Parquet takes pandas and pyarrow. A CSV file is read by pandas where it is installed, and otherwise by the standard library.
"""

import collections
import csv
import sys

try:
    import pandas
except ImportError:
    pandas = None


def counts_of(file):
    """The number of rows of each (machine, disposition), in their order."""
    if pandas is None:
        with open(file, newline="", encoding="utf-8") as rows:
            found = collections.Counter((row["machine"], row["disposition"]) for row in csv.DictReader(rows))
        return sorted(found.items())
    frame = pandas.read_parquet(file) if file.endswith(".parquet") else pandas.read_csv(file)
    return frame.groupby(["machine", "disposition"]).size().items()


for (machine, disposition), count in counts_of(sys.argv[1]):
    print(machine, disposition, count)
