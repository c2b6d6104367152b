"""The same job in polars, streaming: both files, compared as multi-sets by kind and number. Prints what it found, the seconds and the
peak in KiB."""

import resource
import sys
import time

import polars as pl

bill, book, columns = sys.argv[1], sys.argv[2], int(sys.argv[3])
names = [f"c{n}" for n in range(1, columns + 1)]


def cell(n):
    """A cell without its backtick."""
    return pl.col(f"c{n}").str.slice(1)


def grouped(frame, side):
    """A key stands at most twice on a side, so least and greatest say all that stands there."""
    both = pl.col("amount") * 1_000_000_000 + pl.col("fee")
    return frame.group_by("key").agg(
        pl.len().alias(f"n_{side}"), both.min().alias(f"low_{side}"), both.max().alias(f"high_{side}")
    )


begun = time.perf_counter()
# The lines of the totals have fewer cells, and none where the fee stands.
payment = cell(15) == "0"
there = (
    pl.scan_csv(bill, has_header=False, skip_rows=1, quote_char=None, schema={name: pl.String for name in names}, truncate_ragged_lines=True)
    .filter(pl.col("c23").is_not_null())
    .select(
        pl.when(payment).then(pl.lit("P") + cell(6)).otherwise(pl.lit("R") + cell(16)).alias("key"),
        pl.when(payment).then(cell(25)).otherwise(cell(26)).str.replace(".", "", literal=True).cast(pl.Int64).alias("amount"),
        (cell(23).str.replace(".", "", literal=True).cast(pl.Int64) // 1000).alias("fee"),
    )
)
here = pl.scan_csv(
    book, quote_char=None, schema={"kind": pl.String, "number": pl.String, "amount": pl.String, "fee": pl.String}
).select(
    (pl.col("kind") + pl.col("number")).alias("key"),
    pl.col("amount").str.replace(".", "", literal=True).cast(pl.Int64),
    pl.col("fee").str.replace(".", "", literal=True).cast(pl.Int64),
)
joined = grouped(here, "h").join(grouped(there, "t"), on="key", how="full")
same = (
    (pl.col("low_h") == pl.col("low_t"))
    | (pl.col("low_h") == pl.col("high_t"))
    | (pl.col("high_h") == pl.col("low_t"))
    | (pl.col("high_h") == pl.col("high_t"))
)
both = pl.col("n_h").is_not_null() & pl.col("n_t").is_not_null()
found = joined.select(
    (both & same).sum().alias("matched"),
    (both & ~same).sum().alias("differ"),
    pl.col("n_t").is_null().sum().alias("only_here"),
    pl.col("n_h").is_null().sum().alias("only_there"),
    (pl.col("n_h").cast(pl.Int64) - 1).sum().alias("twice_here"),
    (pl.col("n_t").cast(pl.Int64) - 1).sum().alias("twice_there"),
).collect(engine="streaming")
took = time.perf_counter() - begun
print(*(int(number) for number in found.row(0)), f"{took:.4f}", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
