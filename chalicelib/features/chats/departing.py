"""Taking a user out of their groups whose account is deleted: nobody's group is left without an owner."""

from typing import LiteralString

import msgspec

from chalicelib.core import db
from chalicelib.features.chats import members, roles


class _Group(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    heir_id: int | None


# The heir of an only owner: of the admins, or else of the members, who has been there longest and stays.
_GROUPS: LiteralString = """
SELECT c.id, CASE WHEN m.role = 'owner' AND NOT EXISTS (
    SELECT FROM members o WHERE o.chat_id = c.id AND o.role = 'owner' AND o.user_id <> m.user_id
) THEN (
    SELECT h.user_id FROM members h JOIN users u ON u.id = h.user_id
    WHERE h.chat_id = c.id AND h.user_id <> m.user_id
    ORDER BY u.delete_after IS NOT NULL, h.role <> 'admin', h.joined_at, h.user_id LIMIT 1
) END AS heir_id
FROM members m JOIN chats c ON c.id = m.chat_id AND c.type = 'group'
WHERE m.user_id = %(user_id)s
ORDER BY c.id LIMIT %(most)s
"""


def leave_groups(user_id: int, most: int) -> int:
    """Takes a user out of up to so many groups; answers of how many. What an only owner owned passes on."""
    groups = db.many(_Group, _GROUPS, {"user_id": user_id, "most": most})
    for group in groups:
        if group.heir_id is not None:
            roles.appoint(by=user_id, chat_id=group.id, user_id=group.heir_id, role="owner")
        members.depart(user_id, group.id)
    return len(groups)
