-- Organizations and their members: rights, policies and commands.

alter table public.organizations_membership
    add constraint organizations_membership_organization foreign key (organization_id)
        references public.organizations_organization (id) on delete cascade,
    add constraint organizations_membership_user foreign key (user_id)
        references public.accounts_user (id) on delete cascade,
    add constraint organizations_membership_role check (role in ('owner', 'admin', 'member'));
create index organizations_membership_of_user on public.organizations_membership (user_id);

alter table public.organizations_organization enable row level security;
create policy member_reads on public.organizations_organization for select to packshot_member
    using (id = (select app.organization_id()));
grant select on public.organizations_organization to packshot_member;

alter table public.organizations_membership enable row level security;
create policy member_reads on public.organizations_membership for select to packshot_member
    using (organization_id = (select app.organization_id()));
grant select on public.organizations_membership to packshot_member;

-- Open a person's own organization, with that person as its owner. Called at sign-up by the web login.
create or replace function public.organizations_open_v1(p_user uuid, p_name text) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_id uuid := app.uuid7();
begin
    insert into public.organizations_organization (id, name, personal) values (v_id, p_name, true);
    insert into public.organizations_membership (organization_id, user_id, role) values (v_id, p_user, 'owner');
    return v_id;
end
$$;

-- The organizations of a person, oldest first: asked before there is a claim, so by the login.
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

grant execute on function public.organizations_open_v1(uuid, text), public.organizations_of_v1(uuid)
to packshot_web, packshot_worker;
