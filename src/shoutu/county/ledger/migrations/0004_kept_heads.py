"""Heads of other logs are kept here; a box for mail may be a witness."""

import django.db.models.deletion
from django.db import migrations, models

from shoutu.county.ledger import triggers


def install(apps, schema_editor):
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0003_epoch_key_and_insert_triggers'),
    ]

    operations = [
        migrations.CreateModel(
            name='KeptLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, unique=True)),
                ('origin', models.CharField(max_length=80, unique=True)),
                ('key', models.TextField()),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AlterField(
            model_name='witness',
            name='kind',
            field=models.CharField(choices=[('folder', 'Folder'), ('url', 'Url'), ('mail', 'Mail')], max_length=10),
        ),
        migrations.CreateModel(
            name='KeptHead',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('received_at', models.DateTimeField()),
                ('signed_at', models.DateTimeField()),
                ('epoch', models.PositiveIntegerField()),
                ('size', models.BigIntegerField()),
                ('root', models.CharField(max_length=128)),
                ('note', models.TextField()),
                ('digest', models.CharField(max_length=64)),
                ('contradicts', models.TextField(blank=True, default='')),
                ('log', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='heads', to='ledger.keptlog')),
            ],
            options={
                'indexes': [models.Index(fields=['log', 'signed_at'], name='kept_head_time')],
                'constraints': [models.UniqueConstraint(fields=('log', 'digest'), name='kept_head_once')],
            },
        ),
        migrations.RunPython(install, migrations.RunPython.noop),
    ]
