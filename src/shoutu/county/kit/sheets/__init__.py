"""Tables in and out: each kind of thing says once which columns it has (`tables`), the rest follows.

`reading` takes a file apart in a process of its own and knows nothing of Django; `columns` makes values of cells,
`writing` makes files. Jobs, and what is kept of them, are the room `exchange`.
"""
