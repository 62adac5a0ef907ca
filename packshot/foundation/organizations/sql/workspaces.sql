-- Invitations, takeouts and the end of an organization: what a row may say, and who may read it.

alter table public.organizations_organization
    add constraint organizations_organization_closing check ((erase_at is null) = (closing_by is null) or erased_at is not null);
create index organizations_organization_due on public.organizations_organization (erase_at)
    where erase_at is not null and erased_at is null;

alter table public.organizations_invitation
    add constraint organizations_invitation_organization foreign key (organization_id)
        references public.organizations_organization (id) on delete cascade,
    add constraint organizations_invitation_role check (role in ('admin', 'member')),
    add constraint organizations_invitation_email check (email = lower(email) and length(email) between 3 and 254),
    add constraint organizations_invitation_hash check (token_hash ~ '^[0-9a-f]{64}$'),
    add constraint organizations_invitation_state
        check (state in ('open', 'accepted', 'declined', 'revoked', 'expired')),
    add constraint organizations_invitation_decided check ((state = 'open') = (decided_at is null));
create unique index organizations_invitation_open on public.organizations_invitation (organization_id, email)
    where state = 'open';
create unique index organizations_invitation_token on public.organizations_invitation (token_hash);

alter table public.organizations_invitation enable row level security;
create policy member_reads on public.organizations_invitation for select to packshot_member
    using (
        organization_id = (select app.organization_id())
        and (select app.role()) in ('owner', 'admin')
    );
-- What proves and makes a token is nobody's to read.
grant select (
    organization_id, id, email, role, invited_by, state, created_at, expires_at, decided_at, mailed_at, mail_failed
) on public.organizations_invitation to packshot_member;

alter table public.organizations_takeout
    add constraint organizations_takeout_organization foreign key (organization_id)
        references public.organizations_organization (id) on delete cascade,
    add constraint organizations_takeout_state check (state in ('working', 'ready', 'failed', 'expired')),
    add constraint organizations_takeout_bytes check (state in ('working', 'failed') or bytes is not null);
create unique index organizations_takeout_one on public.organizations_takeout (organization_id)
    where state = 'working';

alter table public.organizations_takeout enable row level security;
create policy member_reads on public.organizations_takeout for select to packshot_member
    using (organization_id = (select app.organization_id()) and (select app.role()) = 'owner');
grant select on public.organizations_takeout to packshot_member;
