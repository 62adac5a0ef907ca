-- What is asked before anybody acts for an organization, so by the login.

-- Open a person's own organization, with that person as its owner: at sign-up, and for who has none left.
create or replace function public.organizations_open_v1(p_user uuid, p_name text) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_id uuid := app.uuid7();
begin
    insert into public.organizations_organization (id, name, personal) values (v_id, p_name, true);
    insert into public.organizations_membership (organization_id, user_id, role) values (v_id, p_user, 'owner');
    perform public.audit_record_v1(v_id, p_user, 'organization.opened', p_name, '{}');
    return v_id;
end
$$;

-- The organizations of a person, oldest first.
create or replace function public.organizations_of_v1(p_user uuid)
returns table (organization_id uuid, name text, role text)
language sql stable security definer set search_path = ''
as $$
    select o.id, o.name::text, m.role::text
    from public.organizations_membership as m
    join public.organizations_organization as o on o.id = m.organization_id
    where m.user_id = p_user
    order by m.created_at, o.id
$$;

-- Hold the acting person still, so that two requests of theirs decide one after the other.
create or replace function public.organizations_hold_person_v1() returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform from public.accounts_user as u where u.id = app.user_id() for no key update;
end
$$;

revoke execute on function
    public.organizations_hold_person_v1(),
    public.organizations_open_v1(uuid, text),
    public.organizations_of_v1(uuid)
from public;
grant execute on function public.organizations_hold_person_v1() to packshot_web;
grant execute on function
    public.organizations_open_v1(uuid, text),
    public.organizations_of_v1(uuid)
to packshot_web, packshot_worker;
