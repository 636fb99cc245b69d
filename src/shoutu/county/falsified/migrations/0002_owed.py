import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('falsified', '0001_falsified'),
        ('places', '0004_kinds_of_other_sectors'),
    ]

    operations = [
        migrations.AddField(
            model_name='finding',
            name='more',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='searchday',
            name='aside',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='searchday',
            name='failures',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.CreateModel(
            name='Owed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('cause', models.CharField(choices=[('failed', 'Failed'), ('late', 'Late')], max_length=8)),
                ('points', models.PositiveIntegerField(default=0)),
                ('why', models.CharField(blank=True, default='', max_length=400)),
                ('noted_at', models.DateTimeField()),
                ('tries', models.PositiveIntegerField(default=0)),
                ('tried_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('site', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='places.site')),
            ],
            options={
                'indexes': [models.Index(fields=['settled_at', 'day'], name='falsified_owed_open')],
                'constraints': [models.UniqueConstraint(fields=('site', 'day'), name='falsified_owed_once')],
            },
        ),
    ]
