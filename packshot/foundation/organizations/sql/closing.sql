-- The end of an organization: asked for by an owner, taken back by an owner until its day has come, then erased by a
-- worker in steps. See docs/workspaces.md for what goes and what stays.

-- Have the organization deleted in fourteen days; when exactly is returned. Asked again, it stays the day it was.
create or replace function public.organizations_close_v1() returns timestamptz
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization('owner');
    v_at timestamptz;
begin
    update public.organizations_organization as o
    set erase_at = clock_timestamp() + interval '14 days', closing_by = app.user_id()
    where o.id = v_organization and o.erase_at is null;
    if found then
        update public.organizations_invitation as i set state = 'revoked', decided_at = clock_timestamp()
        where i.organization_id = v_organization and i.state = 'open';
    end if;
    select o.erase_at into v_at from public.organizations_organization as o where o.id = v_organization;
    perform public.letters_post_to_v1(
        v_organization, 'closing:' || extract(epoch from v_at), 'organizations.closing',
        jsonb_build_object('at', v_at, 'by', app.address_of(app.user_id())), array['owner']);
    perform public.audit_record_v1(
        v_organization, app.user_id(), 'organization.closing', null, jsonb_build_object('erased_at', v_at));
    perform app.notify(v_organization, 'member', v_organization);
    return v_at;
end
$$;

-- Take the deletion back; whether there was one is returned.
create or replace function public.organizations_keep_v1() returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization('owner');
begin
    perform public.letters_post_to_v1(
        v_organization, 'kept:' || extract(epoch from o.erase_at), 'organizations.kept',
        jsonb_build_object('by', app.address_of(app.user_id())), array['owner'])
    from public.organizations_organization as o
    where o.id = v_organization and o.erase_at > clock_timestamp();
    update public.organizations_organization as o set erase_at = null, closing_by = null
    where o.id = v_organization and o.erase_at > clock_timestamp();
    if found then
        perform public.audit_record_v1(v_organization, app.user_id(), 'organization.kept', null, '{}');
        perform app.notify(v_organization, 'member', v_organization);
        return true;
    elsif exists (
        select from public.organizations_organization as o where o.id = v_organization and o.erase_at is not null
    ) then
        raise exception 'It is too late: this workspace is being erased.' using errcode = 'PX409';
    end if;
    return false;
end
$$;

-- Organizations whose day has come, for a worker; nobody acts for them from here on.
create or replace function public.organizations_due_v1(p_limit integer) returns uuid[]
language plpgsql security definer set search_path = ''
as $$
declare
    v_ids uuid[] := array(
        select o.id from public.organizations_organization as o
        where o.erase_at <= clock_timestamp() and o.erased_at is null
        order by o.erase_at
        limit p_limit
        for no key update skip locked
    );
begin
    -- Whom to tell is known only now; the letter waits until it is true.
    perform public.letters_post_to_v1(id, 'erased', 'organizations.erased', '{}', array['owner'])
    from unnest(v_ids) as id;
    update public.letters_letter as l set due_at = 'infinity'
    where l.organization_id = any (v_ids) and l.kind = 'organizations.erased' and l.tries = 0;
    delete from public.organizations_membership as m where m.organization_id = any (v_ids);
    delete from public.organizations_invitation as i where i.organization_id = any (v_ids);
    return v_ids;
end
$$;

-- The rooms have erased what was theirs: what is left of an organization is its number, for the ledger's sake.
create or replace function public.organizations_erased_v1(p_organization uuid) returns void
language plpgsql security definer set search_path = ''
as $$
begin
    update public.organizations_organization as o
    set erased_at = clock_timestamp(), name = '', closing_by = null
    where o.id = p_organization and o.erase_at <= clock_timestamp() and o.erased_at is null;
    if found then
        delete from public.organizations_takeout as t where t.organization_id = p_organization;
        delete from public.audit_event as e where e.organization_id = p_organization;
        delete from public.letters_letter as l
        where l.organization_id = p_organization and l.kind <> 'organizations.erased';
        update public.letters_letter as l set due_at = clock_timestamp() where l.organization_id = p_organization;
    end if;
end
$$;

revoke execute on function
    public.organizations_close_v1(),
    public.organizations_keep_v1(),
    public.organizations_due_v1(integer),
    public.organizations_erased_v1(uuid)
from public;
grant execute on function public.organizations_close_v1(), public.organizations_keep_v1() to packshot_member;
grant execute on function
    public.organizations_due_v1(integer),
    public.organizations_erased_v1(uuid)
to packshot_worker;
