"""Heads of others whose times and lengths do not go together say so, apart from those that contradict."""

from django.db import migrations, models

from shoutu.county.ledger import triggers


def install(apps, schema_editor):
    # SQLite makes a changed table anew, without its triggers.
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_kept_heads")]
    operations = [
        migrations.AddField("kepthead", "doubt", models.TextField(blank=True, default="")),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
