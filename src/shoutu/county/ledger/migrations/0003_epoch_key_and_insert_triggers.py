"""Each epoch names its public key; inserting over a final row is refused too."""

from django.db import migrations, models

from shoutu.county.ledger import triggers


def install(apps, schema_editor):
    # SQLite makes a changed table anew, without its triggers.
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_append_only")]
    operations = [
        migrations.AddField("epoch", "key", models.TextField(blank=True, default="")),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
