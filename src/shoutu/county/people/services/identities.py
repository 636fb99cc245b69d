"""统一认证身份: an account is bound to who somebody is at the provider, and set free again."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shoutu.config import without_password
from shoutu.county.kit.actors import Actor
from shoutu.county.kit.errors import Conflict, Invalid, NotAllowed
from shoutu.county.kit.subjects import ref
from shoutu.county.ledger.services import record, service, unchanged
from shoutu.county.people.models import Identity, User


@service
def bind_identity(actor: Actor, user: User, issuer: str, subject: str) -> Identity:
    """From now on whoever the provider calls `subject` signs in as `user`; roles stay the account's own.

    By an administrator, or by oneself with one's password (which the caller has asked for). Raises NotAllowed, also for
    a token; Invalid for an empty subject; Conflict for a demo account, an identity that is another account's, and an
    account that has another identity.
    """
    _may(actor, user)
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if user.is_demo:
        raise Conflict(_("演示账号人人可用，不能绑定统一认证。"))
    if not 0 < len(subject) <= 255 or subject != subject.strip():
        raise Invalid("subject", _("统一认证里的标识，1 到 255 个字，前后没有空格"))
    holder = Identity.objects.filter(issuer=issuer, subject=subject).first()
    if holder is not None and holder.user_id == user.pk:
        unchanged()
        return holder
    if holder is not None:
        raise Conflict(_("这个统一认证身份已经绑定了别的账号，先让管理员解除。"))
    if Identity.objects.filter(issuer=issuer, user=user).exists():
        raise Conflict(_("账号“%(name)s”已经绑定了另一个统一认证身份，先让管理员解除。") % {"name": user.username})
    made = Identity.objects.create(user=user, issuer=issuer, subject=subject)
    record(actor, "identity.bound", ref(user), {"issuer": without_password(issuer)}, {"subject": subject})
    return made


@service
def unbind_identity(actor: Actor, user: User, issuer: str) -> None:
    """The provider signs nobody in to this account any more; its sessions end. Raises NotAllowed, also for a token."""
    _may(actor, user)
    user = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if not Identity.objects.filter(issuer=issuer, user=user).delete()[0]:
        raise Conflict(_("这个账号没有绑定统一认证。"))
    user.sessions_ended += 1
    user.save(update_fields=["sessions_ended"])
    record(actor, "identity.unbound", ref(user), {"issuer": without_password(issuer)})


def let_go(actor: Actor, user: User, *, because: str) -> None:
    """Within a change of the account, locked: whoever it is at any provider signs in to it no more."""
    for one in Identity.objects.filter(user=user).order_by("pk"):
        one.delete()
        record(actor, "identity.unbound", ref(user), {"issuer": without_password(one.issuer), "because": because})


def _may(actor: Actor, user: User) -> None:
    if actor.user_id != user.pk:
        actor.require("user.manage")
    if actor.token_id is not None:
        raise NotAllowed("user.manage", _("令牌不能绑定统一认证，登录后在界面上做。"))
