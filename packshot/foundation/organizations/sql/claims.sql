-- The claims of a transaction (see packshot/db/tenancy.py) as the policies read them.

-- A time-ordered id (RFC 9562, version 7); PostgreSQL has its own from 18 on, and we run on 16.
create or replace function app.uuid7() returns uuid
language sql volatile parallel safe set search_path = ''
as $$
    select encode(
        set_bit(
            set_bit(
                overlay(
                    uuid_send(gen_random_uuid())
                    placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                    from 1 for 6
                ),
                52, 1
            ),
            53, 1
        ),
        'hex'
    )::uuid
$$;

-- The person who is said to act. A claim, not yet a right.
create or replace function app.user_id() returns uuid
language sql stable parallel safe set search_path = ''
as $$ select nullif(current_setting('app.user_id', true), '')::uuid $$;

-- The role of the claimed person in the claimed organization; null where there is no such membership.
create or replace function app.role() returns text
language sql stable parallel safe security definer set search_path = ''
as $$
    select m.role
    from public.organizations_membership as m
    where m.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid
      and m.user_id = app.user_id()
$$;

-- The organization that this transaction acts for: what every policy compares with. Null, which equals
-- nothing, unless the claimed person is a member of it now.
create or replace function app.organization_id() returns uuid
language sql stable parallel safe security definer set search_path = ''
as $$
    select m.organization_id
    from public.organizations_membership as m
    where m.organization_id = nullif(current_setting('app.organization_id', true), '')::uuid
      and m.user_id = app.user_id()
$$;

-- The organization a privileged function may work for, or an error: the first line of every member command.
create or replace function app.require_organization() returns uuid
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_organization uuid := app.organization_id();
begin
    if v_organization is null then
        raise exception 'No organization to act for.' using errcode = 'PX403';
    end if;
    return v_organization;
end
$$;

-- Tell the pages of an organization that something of theirs has changed; they read it again.
create or replace function app.notify(p_organization uuid, p_kind text, p_id uuid) returns void
language sql volatile set search_path = ''
as $$
    select pg_notify('packshot_events', json_build_object('o', p_organization, 'k', p_kind, 'i', p_id)::text)
$$;

grant execute on function app.uuid7(), app.user_id(), app.role(), app.organization_id(), app.require_organization()
to packshot_member, packshot_web, packshot_worker, packshot_staff;
