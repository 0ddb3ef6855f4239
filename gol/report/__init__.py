"""``gol run --stack-report``: what the stacks of a program did.

The program runs as a child and writes records of what happens to its stacks
(``runtime/stackevents.gol``); they are counted as they come, and shown when it has ended.

    command.py  the child: its streams, signals, and end
    events.py   bytes → records
    summary.py  records → counts, by function and goroutine
    history.py  records → lines over time, thinned
    tables.py   the report as text
    page.py     the report as a page
"""
