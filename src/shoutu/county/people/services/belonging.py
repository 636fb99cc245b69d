"""Whose people may sit where."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shoutu.county.kit.errors import Conflict
from shoutu.county.people.models import Person, Post
from shoutu.county.places.models import Organisation


def must_belong(post: Post, person: Person) -> None:
    """An enterprise's person sits on no post of another body: whoever watches over a mine is not of that mine, and the
    account of such a person sees their own enterprise alone. Raises Conflict.
    """
    own = person.organisation
    if own is not None and own.kind == Organisation.Kind.ENTERPRISE and own.pk != post.organisation_id:
        raise Conflict(_("此人是“%(own)s”的人，不能上别的单位的岗。先在人员里改所属单位。") % {"own": own})
