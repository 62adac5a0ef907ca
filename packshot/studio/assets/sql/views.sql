-- Saved views: searches that an organization keeps under a name. Any member may keep, rename and drop them.

-- Keep a search: {"id", "name", "query"}, and "position" for one that was dropped and comes back. The same id again
-- changes nothing.
create or replace function public.assets_save_view_v1(p jsonb) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
begin
    if length(btrim(coalesce(p ->> 'name', ''))) not between 1 and 60 then
        raise exception 'A view''s name has 1 to 60 characters.' using errcode = 'PX422';
    elsif (select count(*) from public.assets_view as v where v.organization_id = v_organization) >= 100 then
        raise exception 'There are 100 views already. Delete one first.' using errcode = 'PX409';
    end if;
    insert into public.assets_view (organization_id, id, name, query, created_by, position)
    values (
        v_organization, (p ->> 'id')::uuid, btrim(p ->> 'name'), coalesce(p ->> 'query', ''), app.user_id(),
        coalesce((p ->> 'position')::integer, (
            select coalesce(max(v.position), 0) + 1 from public.assets_view as v
            where v.organization_id = v_organization
        ))
    )
    on conflict (organization_id, id) do nothing;
    return (p ->> 'id')::uuid;
end
$$;

-- Give a view another name; the one it had is returned.
create or replace function public.assets_rename_view_v1(p_id uuid, p_name text) returns text
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_before text;
begin
    if length(btrim(coalesce(p_name, ''))) not between 1 and 60 then
        raise exception 'A view''s name has 1 to 60 characters.' using errcode = 'PX422';
    end if;
    select v.name into v_before from public.assets_view as v
    where v.organization_id = v_organization and v.id = p_id
    for no key update;
    if not found then
        raise exception 'There is no such view.' using errcode = 'PX404';
    end if;
    update public.assets_view as v set name = btrim(p_name)
    where v.organization_id = v_organization and v.id = p_id;
    return v_before;
end
$$;

-- Drop a view; what it was is returned, for assets_save_view_v1 to bring it back.
create or replace function public.assets_drop_view_v1(p_id uuid) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_before jsonb;
begin
    delete from public.assets_view as v
    where v.organization_id = v_organization and v.id = p_id
    returning jsonb_build_object('id', v.id, 'name', v.name, 'query', v.query, 'position', v.position) into v_before;
    if v_before is null then
        raise exception 'There is no such view.' using errcode = 'PX404';
    end if;
    return v_before;
end
$$;

revoke execute on function
    public.assets_save_view_v1(jsonb),
    public.assets_rename_view_v1(uuid, text),
    public.assets_drop_view_v1(uuid)
from public;
grant execute on function
    public.assets_save_view_v1(jsonb),
    public.assets_rename_view_v1(uuid, text),
    public.assets_drop_view_v1(uuid)
to packshot_member;
