"""Reports: a row for each unit or member, with figures of the concepts below, in pages and as files.

`requests` says what can be asked, `subjects` whose rows a report has, `ordering` in which order. Each report has its
columns and its rows in modules of its own; `tables` writes rows of typed columns to CSV and XLSX, whoever has any.
"""
