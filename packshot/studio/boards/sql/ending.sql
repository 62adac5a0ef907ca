-- Boards when an organization is taken out, and when it ends.

-- Each board with who sits there, behind the key `p_after`: for the ZIP of everything.
create or replace function public.boards_takeout_v1(p_organization uuid, p_after text, p_limit integer)
returns table (key text, line jsonb)
language sql stable security definer set search_path = ''
as $$
    select b.id::text, jsonb_build_object(
        'id', b.id, 'slug', b.slug, 'title', b.title, 'kind', b.kind, 'description', b.description,
        'audience', b.audience, 'created_by', b.created_by, 'created_at', b.created_at, 'archived_at', b.archived_at,
        'deleted_at', b.deleted_at,
        'members', coalesce((
            select jsonb_agg(jsonb_build_object('user', m.user_id, 'role', m.role) order by m.user_id)
            from public.boards_member as m
            where m.organization_id = b.organization_id and m.board_id = b.id
        ), '[]'))
    from public.boards_board as b
    where b.organization_id = p_organization
        and b.id > coalesce(nullif(p_after, '')::uuid, '00000000-0000-0000-0000-000000000000'::uuid)
    order by b.id
    limit p_limit
$$;

-- Have all boards of an organization that ends end like any in the trash whose time is over, the inbox among them;
-- boards_erase_v1 does it, as far as nothing is under way on them. Whether none is left; until then, call again.
create or replace function public.boards_end_organization_v1(p_organization uuid) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    update public.boards_board as b
    set kind = 'board', archived_at = null, deleted_at = now() - interval '31 days',
        deleted_by = coalesce(b.deleted_by, b.created_by, p_organization)
    where b.organization_id = p_organization and (b.deleted_at is null or b.deleted_at > now() - interval '31 days');
    perform public.boards_erase_v1(20);
    return not exists (select from public.boards_board as b where b.organization_id = p_organization);
end
$$;

revoke execute on function
    public.boards_takeout_v1(uuid, text, integer),
    public.boards_end_organization_v1(uuid)
from public;
grant execute on function
    public.boards_takeout_v1(uuid, text, integer),
    public.boards_end_organization_v1(uuid)
to packshot_worker;
