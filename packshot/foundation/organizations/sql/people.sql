-- The people of the acting organization, for its own members: names and addresses are the accounts' and nobody reads
-- them past this. Those with more rights come first, then whoever came first.
create or replace function public.organizations_people_v1()
returns table (user_id uuid, name text, email text, role text)
language sql stable security definer set search_path = ''
as $$
    select m.user_id, u.name::text, u.email::text, m.role::text
    from public.organizations_membership as m
    join public.accounts_user as u on u.id = m.user_id
    where m.organization_id = app.organization_id()
    order by array_position(array['owner', 'admin', 'member'], m.role::text), m.created_at, m.user_id
$$;

revoke execute on function public.organizations_people_v1() from public;
grant execute on function public.organizations_people_v1() to packshot_member;
