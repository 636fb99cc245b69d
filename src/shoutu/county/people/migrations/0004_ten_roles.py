"""The role of enterprises becomes two: the principal (who holds a post on that rung) and the safety officers."""

from django.db import migrations, models

ENTERPRISE_PRINCIPAL = 2
ROLES = [
    ("administrator", "管理员"),
    ("leader", "县领导"),
    ("duty_officer", "县值班员"),
    ("inspector", "应急局监管人员"),
    ("department", "部门监管人员"),
    ("township", "乡镇安监站"),
    ("principal", "企业主要负责人"),
    ("safety_officer", "企业安全管理人员"),
    ("rescue_lead", "救援队负责人"),
    ("auditor", "审计员"),
]


def split(apps, schema_editor):
    user, answers = apps.get_model("people", "User"), apps.get_model("people", "Responsibility")
    holding = apps.get_model("people", "Holding")
    posts = answers.objects.filter(rung=ENTERPRISE_PRINCIPAL, valid_to=None).values("post")
    heads = holding.objects.filter(post__in=posts, valid_to=None).values("person")
    of_enterprises = user.objects.filter(role="enterprise")
    of_enterprises.filter(person__in=heads).update(role="principal")
    user.objects.filter(role="enterprise").update(role="safety_officer")


def join(apps, schema_editor):
    apps.get_model("people", "User").objects.filter(role__in=["principal", "safety_officer"]).update(role="enterprise")


class Migration(migrations.Migration):
    dependencies = [("people", "0003_time_leave_handover_obligation")]

    operations = [
        migrations.AlterField("user", "role", models.CharField(max_length=20, choices=ROLES)),
        migrations.RunPython(split, join),
    ]
