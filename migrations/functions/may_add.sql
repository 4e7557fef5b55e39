-- Whether a member may bring others into their group.
CREATE OR REPLACE FUNCTION may_add(c chats, me members) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN c.type = 'group' AND (me.role IN ('owner', 'admin') OR c.who_can_add = 'members');
