from django.db import migrations, models
from django.db.models import F


def as_far_as_is_known(apps, schema_editor):
    """Why a round was begun was not kept: what was called more than once counts as called for something new."""
    apps.get_model("duties", "Duty").objects.filter(round__gt=1).update(cause_round=F("round"))


class Migration(migrations.Migration):
    dependencies = [("duties", "0011_address_since")]

    operations = [
        migrations.AddField("duty", "cause_round", models.PositiveIntegerField(default=1)),
        migrations.RunPython(as_far_as_is_known, migrations.RunPython.noop),
    ]
