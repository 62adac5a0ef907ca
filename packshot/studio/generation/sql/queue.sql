-- The queue: who may touch it, how a job's message is sent, and how an organization's next jobs are let in.

grant usage on schema pgq to packshot_worker;
grant select, insert, update, delete on pgq.pgqueuer to packshot_worker;
grant select, insert, update on pgq.pgqueuer_log, pgq.pgqueuer_statistics to packshot_worker;
grant usage on all sequences in schema pgq to packshot_worker;

-- The functions that are called thousands of times a minute fix their plans: by index, whatever the statistics of a
-- table say that was empty a moment ago.
--
-- Every transaction that moves credits takes its wallets first, in the order of their ids, and jobs after that:
-- one order for all, so nobody waits in a circle. The wallet's lock is also what serialises an organization's
-- admission.
create or replace function public.generation_lock_v1(p_organizations uuid[]) returns void
language plpgsql set search_path = ''
as $$
begin
    perform from public.credits_wallet as w
    where w.organization_id = any (p_organizations) and w.id = any (p_organizations)
    order by w.id
    for no key update;
end
$$;

-- Put "advance this job" into the queue, once for each reason and token. It may be read twice or late: claiming
-- decides. `hook` and `cancel` have keys of their own, or the pending poll would swallow them.
create or replace function public.generation_send_v1(p_organizations uuid[], p_ids uuid[], p_reason text)
returns uuid[]
language sql set search_path = ''
as $$
    with sent as (
        insert into pgq.pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
        select
            j.priority, j.lane, convert_to(j.organization_id || '/' || j.id, 'UTF8'), j.due_at,
            p_reason || ':' || j.id || ':' || j.token, 'queued'
        from unnest(p_organizations, p_ids) as i (organization_id, id)
        join public.generation_job as j on j.organization_id = i.organization_id and j.id = i.id
        order by j.priority desc, j.id
        on conflict (dedupe_key)
            where status = any (array['queued'::pgq.pgqueuer_status, 'picked'::pgq.pgqueuer_status])
                and dedupe_key is not null
            do nothing
        returning payload
    )
    select coalesce(array_agg(split_part(convert_from(s.payload, 'UTF8'), '/', 2)::uuid), '{}') from sent as s
$$;

-- How many jobs of an organization may be in the queue or under way: what the operator has set for it, else what its
-- plan allows and the whole installation lets anybody have (`p_cap`).
create or replace function public.generation_at_once_v1(p_organization uuid, p_cap integer) returns integer
language plpgsql stable security definer set search_path = ''
as $$
begin
    return coalesce(
        (select l.jobs from public.generation_limit as l where l.organization_id = p_organization),
        least(p_cap, public.billing_limit_v1(p_organization, 'concurrent_jobs'))
    );
end
$$;

-- The same for the acting member, and whether it is the plan that says so.
create or replace function public.generation_my_at_once_v1(p_cap integer) returns table (jobs integer, by_plan boolean)
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
begin
    return query
    select
        public.generation_at_once_v1(v_organization, p_cap),
        coalesce(public.billing_limit_v1(v_organization, 'concurrent_jobs') < p_cap, false) and not exists (
            select from public.generation_limit as l where l.organization_id = v_organization
        );
end
$$;

-- Let in the next jobs of these organizations, up to what each may have at once (see above). What is live is counted,
-- never kept: a count cannot drift, and a smaller plan ends nothing that runs. The caller holds the organizations'
-- wallets. Plans are asked for only where somebody waits.
create or replace function public.generation_admit_v1(p_organizations uuid[], p_cap integer) returns void
language plpgsql set search_path = ''
as $$
declare
    v_organizations uuid[];
    v_ids uuid[];
begin
    with room as (
        select o.id, public.generation_at_once_v1(o.id, p_cap) - (
            select count(*) from public.generation_job as j
            where j.organization_id = o.id and j.released and j.finished_at is null
        ) as free
        from (select distinct unnest(p_organizations) as id) as o
        where exists (
            select from public.generation_job as j
            where j.organization_id = o.id and not j.released and j.finished_at is null
        )
    ),
    next as (
        select n.organization_id, n.id
        from room as r
        cross join lateral (
            select j.organization_id, j.id from public.generation_job as j
            where j.organization_id = r.id and not j.released and j.finished_at is null
            order by j.priority desc, j.id
            limit greatest(r.free, 0)
            for no key update skip locked
        ) as n
    ),
    admitted as (
        update public.generation_job as j set released = true
        from next as n
        where j.organization_id = n.organization_id and j.id = n.id
        returning j.organization_id, j.id
    )
    select array_agg(a.organization_id), array_agg(a.id) into v_organizations, v_ids from admitted as a;
    -- The queue's trigger notifies its listeners even for no rows.
    if v_ids is not null then
        perform public.generation_send_v1(v_organizations, v_ids, 'run');
    end if;
end
$$;

-- An organization may have more at once than before: let in what waits for it.
create or replace function public.generation_let_in_v1(p_organization uuid, p_cap integer) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    perform public.generation_lock_v1(array[p_organization]);
    perform public.generation_admit_v1(array[p_organization], p_cap);
end
$$;

-- Tell the pages about these batches; the same event twice in a transaction is sent once.
create or replace function public.generation_tell_v1(p_organizations uuid[], p_batches uuid[]) returns void
language sql set search_path = ''
as $$
    select app.notify(b.organization_id, 'batch', b.id)
    from (select distinct * from unnest(p_organizations, p_batches)) as b (organization_id, id)
$$;

revoke execute on function
    public.generation_at_once_v1(uuid, integer),
    public.generation_my_at_once_v1(integer),
    public.generation_let_in_v1(uuid, integer)
from public;
grant execute on function public.generation_my_at_once_v1(integer) to packshot_member;
grant execute on function public.generation_let_in_v1(uuid, integer) to packshot_web, packshot_worker;
