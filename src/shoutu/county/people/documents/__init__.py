"""Papers this room prints."""
