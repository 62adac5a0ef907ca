-- Keys and answers belong to a membership and go with it; buckets belong to nobody and may be lost.

alter table public.apikeys_key
    add constraint apikeys_key_membership foreign key (organization_id, made_by)
        references public.organizations_membership (organization_id, user_id) on delete cascade,
    add constraint apikeys_key_hash check (hash ~ '^[0-9a-f]{64}$'),
    add constraint apikeys_key_name check (length(name) between 1 and 80),
    add constraint apikeys_key_scopes check (cardinality(scopes) between 1 and 40),
    add constraint apikeys_key_replaced check (replaced_by is null or expires_at is not null);
create unique index apikeys_key_of_hash on public.apikeys_key (hash);
create index apikeys_key_of_maker on public.apikeys_key (organization_id, made_by);

alter table public.apikeys_key enable row level security;
create policy member_reads on public.apikeys_key for select to packshot_member
    using (
        organization_id = (select app.organization_id())
        and (select app.role()) in ('owner', 'admin')
    );
-- By its hash a key is found and nothing else: nobody reads it.
grant select (
    organization_id, id, made_by, name, shown, scopes, networks, version, created_at, expires_at, revoked_at,
    last_used_at, replaced_by
) on public.apikeys_key to packshot_member;

alter table public.apikeys_answer
    add constraint apikeys_answer_membership foreign key (organization_id, user_id)
        references public.organizations_membership (organization_id, user_id) on delete cascade,
    add constraint apikeys_answer_whole check ((status is null) = (body is null));
create index apikeys_answer_age on public.apikeys_answer (created_at);
alter table public.apikeys_answer enable row level security;
create policy member_reads on public.apikeys_answer for select to packshot_member
    using (organization_id = (select app.organization_id()) and user_id = (select app.user_id()));

alter table public.apikeys_bucket set unlogged;
alter table public.apikeys_bucket set (
    fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000
);
create index apikeys_bucket_age on public.apikeys_bucket (full_at);
