-- What the operator has set: models' prices and whether they are sold, and how many jobs an organization may have at
-- once. Written by the command line alone, through the owner's login.

alter table public.generation_limit
    add constraint generation_limit_jobs check (jobs between 1 and 1000);

-- Members read their own limit: how long work waits follows from it.
alter table public.generation_limit enable row level security;
create policy member_reads on public.generation_limit for select to packshot_member
    using (organization_id = (select app.organization_id()));
grant select on public.generation_limit to packshot_member;
