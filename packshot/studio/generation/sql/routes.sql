-- Which providers may make a job, and how the providers are.

-- Jobs from before have the one provider that they were given.
update public.generation_job set routes = array[provider], preferred = provider where finished_at is null;

alter table public.generation_job
    add constraint generation_job_cost check (cost >= 0);
alter table public.generation_provider
    add constraint generation_provider_state check (state in ('closed', 'open')),
    add constraint generation_provider_trial check ((state = 'open') = (trial_at is not null));

-- What providers may bill us for the work of a day: only work that costs is in it, so the limit itself keeps it short.
create index generation_job_costs on public.generation_job (created_at) include (cost) where cost > 0;
