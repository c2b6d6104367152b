"""The same job in DuckDB: both files, compared as multi-sets by kind and number. Prints what it found, the seconds and the peak in KiB."""

import resource
import sys
import time

import duckdb

bill, book, columns = sys.argv[1], sys.argv[2], int(sys.argv[3])
names = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(1, columns + 1))

# The cells are parted at comma and backtick, so that no backtick is left but the first cell's, which nobody wants. The lines of the
# totals have fewer cells and are left out. A key stands at most twice on a side, so least and greatest say all that stands there.
SQL = f"""
WITH there AS (
    SELECT CASE WHEN c15 = '0' THEN 'P' || c6 ELSE 'R' || c16 END AS key,
        CAST(replace(CASE WHEN c15 = '0' THEN c25 ELSE c26 END, '.', '') AS BIGINT) * 1000000000
            + CAST(replace(c23, '.', '') AS BIGINT) // 1000 AS says
    FROM read_csv('{bill}', delim=',`', quote='', escape='', header=false, skip=1, auto_detect=false, ignore_errors=true,
        columns={{{names}}})
), here AS (
    SELECT kind || number AS key,
        CAST(replace(amount, '.', '') AS BIGINT) * 1000000000 + CAST(replace(fee, '.', '') AS BIGINT) AS says
    FROM read_csv('{book}', delim=',', quote='', escape='', header=true, auto_detect=false,
        columns={{'kind': 'VARCHAR', 'number': 'VARCHAR', 'amount': 'VARCHAR', 'fee': 'VARCHAR'}})
), h AS (
    SELECT key, count(*) AS n, min(says) AS low, max(says) AS high FROM here GROUP BY key
), t AS (
    SELECT key, count(*) AS n, min(says) AS low, max(says) AS high FROM there GROUP BY key
)
SELECT
    count(*) FILTER (h.n IS NOT NULL AND t.n IS NOT NULL AND (h.low = t.low OR h.low = t.high OR h.high = t.low OR h.high = t.high)),
    count(*) FILTER (h.n IS NOT NULL AND t.n IS NOT NULL AND NOT (h.low = t.low OR h.low = t.high OR h.high = t.low OR h.high = t.high)),
    count(*) FILTER (t.n IS NULL),
    count(*) FILTER (h.n IS NULL),
    coalesce(sum(h.n - 1), 0),
    coalesce(sum(t.n - 1), 0)
FROM h FULL JOIN t ON h.key = t.key
"""

begun = time.perf_counter()
found = duckdb.connect().execute(SQL).fetchone()
took = time.perf_counter() - begun
print(*(int(number) for number in found), f"{took:.4f}", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
