-- Notices of a low balance, and automatic top-ups: their tables.

alter table public.credits_watch
    add constraint credits_watch_bounds check (below between 1 and 9007199254740992);

alter table public.credits_topuprule
    add constraint credits_topuprule_bounds check (
        below between 1 and 9007199254740992 and daily_cap between 1 and 50 and failures >= 0
    );
create index credits_topuprule_wanted on public.credits_topuprule (next_try_at)
    where enabled and wanted and stopped_at is null;

alter table public.credits_topuptry
    add constraint credits_topuptry_state check (state in ('charging', 'pending', 'paid', 'declined')),
    add constraint credits_topuptry_open
        check ((state in ('charging', 'pending')) = (lease_until is not null) and (lease_until is null) = (ended_at is not null));
-- One charge in flight, whatever else goes wrong.
create unique index credits_topuptry_in_flight on public.credits_topuptry (organization_id)
    where state in ('charging', 'pending');
create index credits_topuptry_lease on public.credits_topuptry (lease_until) where lease_until is not null;

-- Members are granted none of these: what they may know they ask the functions for. The policies stand for the day
-- when somebody is.
alter table public.credits_watch enable row level security;
alter table public.credits_topuprule enable row level security;
alter table public.credits_topuptry enable row level security;
create policy member_reads on public.credits_watch for select to packshot_member
    using (organization_id = (select app.organization_id()));
create policy member_reads on public.credits_topuprule for select to packshot_member
    using (organization_id = (select app.organization_id()));
create policy member_reads on public.credits_topuptry for select to packshot_member
    using (organization_id = (select app.organization_id()));
