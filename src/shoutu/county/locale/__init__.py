"""The words in English. Message ids are the Chinese words themselves, so Chinese needs no file."""
