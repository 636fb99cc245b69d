"""Warnings: one per site and item while it lasts, and what people do about it."""
