"""The folder door: text files of mines, dropped by FTP or SFTP, taken once they are whole, removed once durable."""

from shoutu.sensing.folders.watch import FoldersHandle, watch_folders

__all__ = ["FoldersHandle", "watch_folders"]
