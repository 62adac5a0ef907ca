-- Shape that Django cannot say, and who may read. Rows are written by this room's functions alone.

alter table public.generation_batch
    add constraint generation_batch_key unique (organization_id, key),
    add constraint generation_batch_price check (price >= 0);

alter table public.generation_job
    add constraint generation_job_batch foreign key (organization_id, batch_id)
        references public.generation_batch (organization_id, id),
    add constraint generation_job_state
        check (state in ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
    add constraint generation_job_lease check ((state = 'running') = (lease_until is not null)),
    add constraint generation_job_waiting check (state <> 'waiting' or provider_ref is not null),
    add constraint generation_job_end check ((finished_at is not null) = (state in ('succeeded', 'failed', 'cancelled'))),
    add constraint generation_job_percent check (progress between 0 and 100);

alter table public.generation_settlement
    add constraint generation_settlement_job foreign key (organization_id, job_id)
        references public.generation_job (organization_id, id),
    add constraint generation_settlement_outcome
        check (outcome in ('succeeded', 'failed', 'cancelled', 'reaped'));

-- A job's row changes often and is small: room on its page keeps the changes off the indexes that they leave alone.
alter table public.generation_job set (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05
);

-- A further attempt's key, once.
create unique index generation_job_retry on public.generation_job (organization_id, retry_key)
    where retry_key is not null;
-- The tiles of a batch, and one newest attempt for each variant.
create index generation_job_of_batch on public.generation_job (organization_id, batch_id, index);
create unique index generation_job_current on public.generation_job (organization_id, batch_id, index) where current;
-- A board's thread, newest first: ids are time-ordered.
create index generation_batch_on_board on public.generation_batch (organization_id, board_id, id desc);
-- What an organization has in the queue or under way, and its backlog in the order of admission. Neither speaks of
-- the state or the lease: claims, heartbeats and progress then touch no index at all.
create index generation_job_live on public.generation_job (organization_id) where released and finished_at is null;
create index generation_job_backlog on public.generation_job (organization_id, priority desc, id)
    where not released and finished_at is null;
-- Whose job a callback is about.
create unique index generation_job_ref on public.generation_job (provider, provider_ref) where provider_ref is not null;

alter table public.generation_batch enable row level security;
create policy member_reads on public.generation_batch for select to packshot_member
    using (organization_id = (select app.organization_id()));
grant select on public.generation_batch to packshot_member;

alter table public.generation_job enable row level security;
create policy member_reads on public.generation_job for select to packshot_member
    using (organization_id = (select app.organization_id()));
grant select on public.generation_job to packshot_member;

-- Nobody but the functions needs these two; the policies stand for the day when somebody is granted them.
alter table public.generation_settlement enable row level security;
create policy member_reads on public.generation_settlement for select to packshot_member
    using (organization_id = (select app.organization_id()));
alter table public.generation_callback enable row level security;
