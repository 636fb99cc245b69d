from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('papers', '0002_documents'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='documentversion',
            name='document_version_once',
        ),
    ]
