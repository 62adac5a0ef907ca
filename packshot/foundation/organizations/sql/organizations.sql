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
