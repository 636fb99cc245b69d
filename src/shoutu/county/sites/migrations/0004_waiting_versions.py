"""Rule versions that wait for a second person wait as proposals from now on, like everything else that does."""

from django.db import migrations


def forward(apps, schema_editor):
    version_model = apps.get_model("sites", "RuleVersion")
    proposal_model = apps.get_model("people", "Proposal")
    for version in version_model.objects.filter(state="proposed").select_related("rule__point"):
        rule, by = version.rule, version.proposed_by
        name = rule.title or rule.kind
        proposal_model.objects.create(
            kind="rule.change", subject_kind="rule", subject_id=rule.pk, subject_label=name[:120],
            site_id=rule.point.site_id, title=f"{rule.point.name} {name}"[:200],
            payload={"rule": rule.pk, "version": version.number}, reason=version.reason,
            key=f"rule:{rule.pk}:{version.number}", proposed_by=by, proposed_label=by.display if by else "系统",
            proposed_at=version.proposed_at,
        )


class Migration(migrations.Migration):
    dependencies = [("sites", "0003_findings_move"), ("people", "0002_proposal")]
    operations = [migrations.RunPython(forward, migrations.RunPython.noop)]
