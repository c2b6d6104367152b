#!/usr/bin/env python3
"""Computes the seals of a book from its CSV export and compares. See sealing.md.

    python3 verify_seals.py books/BOOK

Reads entries.csv and seals.csv, needs nothing but Python. Ends with 1 at a difference, with 2 if there is nothing to compare.
"""

import csv
import hashlib
import json
import sys
from itertools import groupby
from pathlib import Path


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def canonical(value) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def tree_head(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1: split at the largest power of two below the count."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(b"\x00" + leaves[0])
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha(b"\x01" + tree_head(leaves[:split]) + tree_head(leaves[split:]))


def fen(yuan: str) -> int:
    whole, cents = yuan.split(".")
    return int(whole + cents)


def rows(path: Path) -> list[dict]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def leaf(lines: list[dict]) -> bytes:
    head = lines[0]
    return canonical(
        [
            head["salt"],
            int(head["voucher"]),
            head["entry_id"],
            head["reference"],
            head["kind"],
            head["book_date"],
            head["event_date"],
            int(head["booked_us"]),
            head["reverses"] or None,
            [[line["debit_account"], line["credit_account"], fen(line["amount"]), line["raised"]] for line in lines],
        ]
    )


def main(folder: str) -> int:
    seals = sorted(rows(Path(folder) / "seals.csv"), key=lambda row: row["day"])
    if not seals:
        print("no day of this book is sealed")
        return 2
    days: dict[str, list[tuple[int, bytes]]] = {}
    unnumbered = 0
    for _, group in groupby(rows(Path(folder) / "entries.csv"), key=lambda row: row["entry_id"]):
        lines = sorted(group, key=lambda row: int(row["line"]))
        day = lines[0]["book_date"]
        if lines[0]["voucher"]:
            days.setdefault(day, []).append((int(lines[0]["voucher"]), leaf(lines)))
        elif day <= seals[-1]["day"]:
            unnumbered += 1
    wrong = [f"{unnumbered} entries of sealed days have no number"] if unnumbered else []
    next_number, previous, vouchers = 1, None, 0
    for row in seals:
        day, first, last = row["day"], int(row["first_number"]), int(row["last_number"])
        numbered = sorted(days.pop(day, []))
        if [number for number, _ in numbered] != list(range(first, last + 1)) or first != next_number:
            wrong.append(f"{day}: the numbers are not {next_number}, {next_number + 1}, …")
        head = tree_head([content for _, content in numbered])
        seal = sha(canonical([row["book"], day, first, last, head.hex(), previous]))
        if head.hex() != row["tree_head"]:
            wrong.append(f"{day}: the tree head is {head.hex()}, not {row['tree_head']}")
        if (row["previous"] or None) != previous or seal.hex() != row["seal"]:
            wrong.append(f"{day}: the seal is {seal.hex()}, not {row['seal']}")
        next_number, previous, vouchers = last + 1, row["seal"], vouchers + len(numbered)
    wrong += [f"{day}: vouchers, but no seal" for day in days]
    for sentence in wrong:
        print(sentence)
    print(f"{len(seals)} days with {vouchers} vouchers compared, {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
