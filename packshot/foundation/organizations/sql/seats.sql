-- Seats: how many an organization has, and how many are taken by members and by invitations that are open.

-- How many seats an organization's plan has: the one place that asks for it.
create or replace function public.organizations_seats_v1(p_organization uuid) returns integer
language plpgsql stable security definer set search_path = ''
as $$
begin
    return (select e.seats from public.billing_entitlement_v1(p_organization) as e);
end
$$;

-- How many are taken. To decide by it, hold the organization's row.
create or replace function public.organizations_seats_used_v1(p_organization uuid) returns integer
language sql stable security definer set search_path = ''
as $$
    select (
        select count(*) from public.organizations_membership as m where m.organization_id = p_organization
    )::integer + (
        select count(*) from public.organizations_invitation as i
        where i.organization_id = p_organization and i.state = 'open' and i.expires_at > clock_timestamp()
    )::integer
$$;

-- Seats of the acting organization, for its members.
create or replace function public.organizations_my_seats_v1() returns table (seats integer, used integer)
language sql stable security definer set search_path = ''
as $$
    select public.organizations_seats_v1(app.require_organization()),
        public.organizations_seats_used_v1(app.require_organization())
$$;

revoke execute on function
    public.organizations_seats_v1(uuid),
    public.organizations_seats_used_v1(uuid),
    public.organizations_my_seats_v1()
from public;
grant execute on function public.organizations_my_seats_v1() to packshot_member;
