"""Changes nothing: when it was applied is when this county began to sign answer links by its epoch (services/links.py)."""

from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = (("duties", "0012_cause_round"),)
    operations = ()
