"""Backup and restore of one installation while it runs: `shoutu backup`, `shoutu restore`.

`take` holds every part of one consistent state open and copies it into an archive; `put` makes a data directory of
an archive, or nothing. Why the parts are held in that order: docs/decisions/0049-backup-while-running.md.
"""


class BackupError(Exception):
    """It cannot be done; the message names what is wrong and what to do. Nothing half was left."""
