from django.db import migrations, models


def as_it_failed(apps, schema_editor):
    """What fails at the upgrade was failing calls: to mend it must not need a second person."""
    apps.get_model("duties", "Channel").objects.filter(failures__gt=0).update(call_failures=models.F("failures"))


class Migration(migrations.Migration):
    dependencies = [("duties", "0008_farewell")]

    operations = [
        migrations.AddField(model_name="channel", name="call_failures", field=models.PositiveIntegerField(default=0)),
        migrations.RunPython(as_it_failed, migrations.RunPython.noop),
    ]
