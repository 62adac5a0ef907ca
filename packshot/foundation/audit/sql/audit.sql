-- Writing the audit log down. What changes rights, money or keys calls this in its own transaction: both or neither.

-- What happened stays: not even the tables' owner rewrites it. With an organization that has been erased its log goes.
create or replace function public.audit_refuse_rewriting() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
    if tg_op = 'DELETE' and exists (
        select from public.organizations_organization as o
        where o.id = old.organization_id and o.erased_at is not null
    ) then
        return old;
    end if;
    raise exception 'The audit log is append-only.' using errcode = 'PX403';
end
$$;

-- An id (RFC 9562, version 7) that sorts by the microsecond: one transaction notes several things in a millisecond.
create or replace function public.audit_id_v1(p_at timestamptz) returns uuid
language sql volatile set search_path = ''
as $$
    select encode(
        substring(int8send(t.us / 1000) from 3)
        || substring(int4send((28672 + t.us % 1000 * 4096 / 1000)::integer) from 3)
        || substring(uuid_send(gen_random_uuid()) from 9),
        'hex'
    )::uuid
    from (select (extract(epoch from p_at) * 1000000)::bigint as us) as t
$$;

-- Note that `p_actor` (null: the studio itself, or whoever runs it) did `p_action` to `p_target`; from where, the
-- transaction's claims say (see packshot/db/origin.py). For privileged functions and for logins; members never call it.
create or replace function public.audit_record_v1(
    p_organization uuid, p_actor uuid, p_action text, p_target text, p_details jsonb
) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_at timestamptz := clock_timestamp();
    v_id uuid := public.audit_id_v1(v_at);
begin
    insert into public.audit_event (
        organization_id, id, at, actor_id, actor, action, target, details, address, user_agent, request_id
    )
    values (
        p_organization, v_id, v_at, p_actor,
        coalesce(
            (select u.email from public.accounts_user as u where u.id = p_actor),
            case when session_user in ('packshot_web', 'packshot_worker') then 'system' else 'operator' end
        ),
        p_action, left(coalesce(p_target, ''), 300), coalesce(p_details, '{}'),
        left(coalesce(current_setting('app.address', true), ''), 60),
        left(coalesce(current_setting('app.user_agent', true), ''), 300),
        left(coalesce(current_setting('app.request_id', true), ''), 80)
    );
    return v_id;
end
$$;

revoke execute on function
    public.audit_refuse_rewriting(),
    public.audit_id_v1(timestamptz),
    public.audit_record_v1(uuid, uuid, text, text, jsonb)
from public;
grant execute on function public.audit_record_v1(uuid, uuid, text, text, jsonb)
to packshot_web, packshot_worker, packshot_staff;
