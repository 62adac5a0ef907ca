-- Roles: owners may do everything, admins run it from day to day, members work in it.

-- The acting organization, when the acting person has at least this role in it; the first line of a command.
create or replace function app.require_role(p_role text) returns uuid
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_role text := app.role();
begin
    if p_role = 'owner' and v_role <> 'owner' then
        raise exception 'Only owners of the workspace can do this.' using errcode = 'PX403';
    elsif p_role = 'admin' and v_role not in ('owner', 'admin') then
        raise exception 'Only owners and admins of the workspace can do this.' using errcode = 'PX403';
    end if;
    return v_organization;
end
$$;

-- The same, with the organization held still and the right checked after that: whoever waited may have lost it
-- meanwhile. The order of locks is everywhere the same: the organization, then its memberships, invitations and seats.
create or replace function app.hold_organization(p_role text) returns uuid
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform from public.organizations_organization as o
    where o.id = app.require_role(p_role)
    for no key update;
    return app.require_role(p_role);
end
$$;

-- An organization that is on its way out takes nobody in.
create or replace function app.require_staying(p_organization uuid) returns void
language plpgsql stable security definer set search_path = ''
as $$
begin
    if exists (
        select from public.organizations_organization as o
        where o.id = p_organization and (o.erase_at is not null or o.erased_at is not null)
    ) then
        raise exception 'This workspace is being deleted, so nobody can join it.' using errcode = 'PX409';
    end if;
end
$$;

-- How a person is written down in the log.
create or replace function app.address_of(p_user uuid) returns text
language sql stable security definer set search_path = ''
as $$ select u.email::text from public.accounts_user as u where u.id = p_user $$;

revoke execute on function
    app.require_role(text),
    app.hold_organization(text),
    app.require_staying(uuid),
    app.address_of(uuid)
from public;
