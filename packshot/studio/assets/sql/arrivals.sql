-- Uploads that go straight into the store: what was promised to a browser, until it is a picture.

alter table public.assets_arrival
    add constraint assets_arrival_promise check (
        bytes > 0 and (sha256 is null or sha256 ~ '^[0-9a-f]{64}$')
    ),
    add constraint assets_arrival_state check (state in ('open', 'arrived', 'received', 'rejected')),
    add constraint assets_arrival_rejected check ((state = 'rejected') = (reject_reason is not null));
create index assets_arrival_moved on public.assets_arrival (moved_at);

alter table public.assets_arrival enable row level security;
create policy member_reads on public.assets_arrival for select to packshot_member
    using (organization_id = (select app.organization_id()) and created_by = (select app.user_id()));
grant select on public.assets_arrival to packshot_member;

-- Rounds that are made once a day by whichever worker is first, and when each was last begun.
create table public.assets_round (
    name text primary key,
    begun_at timestamptz not null
);
insert into public.assets_round (name, begun_at) values ('orphans', now());
