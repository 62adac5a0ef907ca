-- Everything an organization has, as one ZIP that a worker makes and that is kept for a week.

-- Ask for it, or find the one that is being made; its id is returned.
create or replace function public.organizations_take_out_v1() returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization('owner');
    v_id uuid;
begin
    select t.id into v_id from public.organizations_takeout as t
    where t.organization_id = v_organization and t.state = 'working';
    if v_id is not null then
        return v_id;
    end if;
    v_id := app.uuid7();
    insert into public.organizations_takeout (organization_id, id, created_by, state)
    values (v_organization, v_id, app.user_id(), 'working');
    perform public.audit_record_v1(v_organization, app.user_id(), 'organization.exported', null, '{}');
    perform public.organizations_send_takeout_v1(v_organization, v_id);
    return v_id;
end
$$;

create or replace function public.organizations_send_takeout_v1(p_organization uuid, p_id uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    insert into pgq.pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
    values (0, 'takeout', convert_to(p_organization || '/' || p_id, 'UTF8'), now(), 'takeout:' || p_id, 'queued')
    on conflict (dedupe_key)
        where status = any (array['queued'::pgq.pgqueuer_status, 'picked'::pgq.pgqueuer_status])
            and dedupe_key is not null
        do nothing;
end
$$;

-- A sign of life of a worker that makes it; false when it is not wanted any more.
create or replace function public.organizations_takeout_moves_v1(p_organization uuid, p_id uuid, p_done integer)
returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    update public.organizations_takeout as t set moved_at = clock_timestamp(), done = p_done
    where t.organization_id = p_organization and t.id = p_id and t.state = 'working';
    return found;
end
$$;

-- It has ended: with a file of so many bytes, or with null for none. False when nobody waits.
create or replace function public.organizations_took_out_v1(p_organization uuid, p_id uuid, p_bytes bigint) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    update public.organizations_takeout as t
    set state = case when p_bytes is null then 'failed' else 'ready' end, bytes = p_bytes,
        finished_at = clock_timestamp(), moved_at = clock_timestamp()
    where t.organization_id = p_organization and t.id = p_id and t.state = 'working';
    return found;
end
$$;

-- The next file whose week is over or whose organization's day has come; the caller deletes its bytes in the same
-- transaction. None: no row.
create or replace function public.organizations_expire_takeout_v1() returns table (organization_id uuid, id uuid)
language sql security definer set search_path = ''
as $$
    update public.organizations_takeout as t set state = 'expired'
    where (t.organization_id, t.id) = (
        select k.organization_id, k.id
        from public.organizations_takeout as k
        join public.organizations_organization as o on o.id = k.organization_id
        where k.state = 'ready'
            and (k.finished_at < now() - interval '7 days' or o.erase_at <= now())
        order by k.finished_at limit 1
        for update of k skip locked
    )
    returning t.organization_id, t.id
$$;

-- Ask again for those that have not moved for five minutes. Returns how many.
create or replace function public.organizations_tend_takeouts_v1() returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    v_row record;
    v_number integer := 0;
begin
    for v_row in
        select t.organization_id, t.id from public.organizations_takeout as t
        where t.state = 'working' and t.moved_at < now() - interval '5 minutes'
    loop
        perform public.organizations_send_takeout_v1(v_row.organization_id, v_row.id);
        v_number := v_number + 1;
    end loop;
    return v_number;
end
$$;

-- What the foundation has to tell of an organization, a line each, behind the key `p_after`; for the worker.
create or replace function public.organizations_takeout_people_v1(p_organization uuid, p_after text, p_limit integer)
returns table (key text, line jsonb)
language sql stable security definer set search_path = ''
as $$
    select m.user_id::text, jsonb_build_object(
        'id', m.user_id, 'name', u.name, 'email', u.email, 'role', m.role, 'joined_at', m.created_at)
    from public.organizations_membership as m
    join public.accounts_user as u on u.id = m.user_id
    where m.organization_id = p_organization and m.user_id::text > p_after
    order by m.user_id::text
    limit p_limit
$$;

create or replace function public.organizations_takeout_invitations_v1(
    p_organization uuid, p_after text, p_limit integer
)
returns table (key text, line jsonb)
language sql stable security definer set search_path = ''
as $$
    select i.id::text, jsonb_build_object(
        'id', i.id, 'email', i.email, 'role', i.role, 'state', i.state, 'invited_by', i.invited_by,
        'created_at', i.created_at, 'expires_at', i.expires_at, 'decided_at', i.decided_at)
    from public.organizations_invitation as i
    where i.organization_id = p_organization and i.id::text > p_after
    order by i.id::text
    limit p_limit
$$;

revoke execute on function
    public.organizations_take_out_v1(),
    public.organizations_send_takeout_v1(uuid, uuid),
    public.organizations_takeout_moves_v1(uuid, uuid, integer),
    public.organizations_took_out_v1(uuid, uuid, bigint),
    public.organizations_expire_takeout_v1(),
    public.organizations_tend_takeouts_v1(),
    public.organizations_takeout_people_v1(uuid, text, integer),
    public.organizations_takeout_invitations_v1(uuid, text, integer)
from public;
grant execute on function public.organizations_take_out_v1() to packshot_member;
grant execute on function
    public.organizations_takeout_moves_v1(uuid, uuid, integer),
    public.organizations_took_out_v1(uuid, uuid, bigint),
    public.organizations_expire_takeout_v1(),
    public.organizations_tend_takeouts_v1(),
    public.organizations_takeout_people_v1(uuid, text, integer),
    public.organizations_takeout_invitations_v1(uuid, text, integer)
to packshot_worker;
