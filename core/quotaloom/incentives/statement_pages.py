"""A statement as a page to print: HTML with its style in it, that loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

import orjson
from asyncpg import Record

from quotaloom.calendars.periods import ONE_DAY
from quotaloom.incentives.statement_rows import Told, advanced, shown_rate
from quotaloom.metrics.currencies import currency_scale
from quotaloom.platform.amounts import format_amount

_STYLE: Final = """
@page { size: A4; margin: 18mm 15mm; }
body { font: 10pt/1.4 sans-serif; color: #111; max-width: 180mm; margin: 0 auto; }
h1 { font-size: 15pt; margin: 0 0 2mm; }
h2 { font-size: 11pt; margin: 6mm 0 2mm; break-after: avoid; }
table { border-collapse: collapse; width: 100%; }
thead { display: table-header-group; }
tr, li { break-inside: avoid; }
th, td { padding: 1mm 2mm; border-bottom: 0.2mm solid #bbb; text-align: left; vertical-align: top; }
th.figure, td.figure { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
tr.total td { border-top: 0.4mm solid #111; font-weight: bold; }
ul { margin: 1mm 0; padding-left: 5mm; }
dl { display: grid; grid-template-columns: max-content auto; gap: 0.5mm 4mm; margin: 0 0 5mm; }
dt { color: #555; }
dd { margin: 0; }
.values, footer { color: #555; font-size: 8pt; }
footer { margin-top: 8mm; overflow-wrap: anywhere; }
"""

_ENTRY_HEADS: Final = (
    '<tr><th>Day</th><th>Source</th><th>Customer</th><th>Counts as</th><th class="figure">Amount</th></tr>'
)


def statement_page(company: str, told: Told, entries: Mapping[int, Record]) -> str:
    """The page of a statement; `entries` are those of its lines that may be shown, by number."""
    row = told.statement
    scale = currency_scale(row["currency"])
    title = f"Statement {row['label']}: {told.member['name']}"
    return "".join(
        (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n",
            f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n",
            f"<h1>{escape(title)}</h1>\n",
            _facts(company, row),
            _table(told, scale),
            *_explanations(told.lines, entries),
            f"<footer>{escape(row['hash'])}</footer>\n</body>\n</html>\n",
        )
    )


def _facts(company: str, row: Any) -> str:
    facts = (
        ("Company", company),
        ("Period", f"{row['starts_on']} to {row['ends_on'] - ONE_DAY}"),
        ("Status", row["status"]),
        ("Currency", row["currency"]),
        ("Computed", row["computed_at"].isoformat(timespec="seconds")),
    )
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{escape(value)}</dd>' for name, value in facts)}</dl>\n"


def _table(told: Told, scale: int) -> str:
    row = told.statement
    heads = '<th>Line</th><th>Corrects</th><th class="figure">Base</th><th class="figure">Rate</th>'
    lines = [
        _row(("Carried in", "", "", "", format_amount(row["carried_in"], scale))),
        *(_row(_cells(line, scale)) for line in told.lines),
        _row(("Total", "", "", "", format_amount(row["total"], scale)), "total"),
        _row(("Carried out", "", "", "", format_amount(row["carried_out"], scale))),
    ]
    lines += [
        _row((name.replace("_", " ").capitalize(), "", "", "", format_amount(row[name], scale)))
        for name in advanced(row)
    ]
    head = f'<thead><tr>{heads}<th class="figure">Amount</th></tr></thead>'
    return f"<table>{head}\n<tbody>\n{''.join(lines)}</tbody></table>\n"


def _cells(line: Record, scale: int) -> tuple[str, ...]:
    rate = shown_rate(line)
    return (
        line["title"],
        line["corrects"] or "",
        "" if line["base"] is None else str(line["base"]),
        "" if rate is None else format(rate, "f"),
        format_amount(line["amount"], scale),
    )


def _row(cells: Iterable[str], kind: str = "line") -> str:
    title, corrects, *figures = map(escape, cells)
    told = f"<td>{title}</td><td>{corrects}</td>" + "".join(f'<td class="figure">{one}</td>' for one in figures)
    return f'<tr class="{kind}">{told}</tr>\n'


def _explanations(lines: Sequence[Record], entries: Mapping[int, Record]) -> Iterator[str]:
    for line in lines:
        yield f"<h2>{escape(line['title'])}</h2>\n<ul>{_tree(orjson.loads(line['explanation']))}</ul>\n"
        shown = [entries[number] for number in orjson.loads(line["entries"]) if number in entries]
        if shown:
            rows = "".join(map(_entry, shown))
            yield f"<table><thead>{_ENTRY_HEADS}</thead>\n<tbody>\n{rows}</tbody></table>\n"


def _tree(explanation: Mapping[str, Any]) -> str:
    values = ", ".join(f"{one['name']}: {one['value']}" for one in explanation.get("values", ()))
    told = f' <span class="values">{escape(values)}</span>' if values else ""
    items = "".join(map(_tree, explanation.get("items", ())))
    below = f"<ul>{items}</ul>" if items else ""
    return f"<li>{escape(explanation.get('text', ''))}{told}{below}</li>"


def _entry(entry: Record) -> str:
    texts = (str(entry["business_date"]), entry["source"], entry["customer"] or "", entry["metric"])
    cells = "".join(f"<td>{escape(text)}</td>" for text in texts)
    return f'<tr>{cells}<td class="figure">{format_amount(entry["amount"], entry["scale"])}</td></tr>\n'
