-- The way of a job among its providers, and the breaker of each provider: one row for each that has ever failed,
-- shared by all workers.
--
-- A provider is `closed` (let through) until it has failed five times in a row, none more than a minute after the
-- first, or says that our account with it is empty. Then it is `open`: jobs that have another route take that. Every
-- half minute one such job tries it; the first answer closes it again. Jobs with no other route go on asking it, with
-- their own back-off, and their answers count as well.
--
-- Rows are taken in the order of their names and as the last of a transaction's locks, or not waited for at all.

-- The provider that a job shall go to now, of those that may still make it. Takes the trial that is due.
create or replace function public.generation_route_v1(p_routes text[]) returns text
language plpgsql set search_path = ''
as $$
declare
    v_route text;
begin
    foreach v_route in array p_routes loop
        if not exists (
            select from public.generation_provider as p where p.name = v_route and p.state = 'open'
        ) then
            return v_route;
        end if;
        -- Half-open: whoever takes the trial puts the next one off, in case that nothing is heard of this one.
        with trial as (
            select p.name from public.generation_provider as p
            where p.name = v_route and p.trial_at <= clock_timestamp()
            for no key update skip locked
        )
        update public.generation_provider as p set trial_at = clock_timestamp() + interval '30 s'
        from trial as t
        where p.name = t.name;
        if found then
            return v_route;
        end if;
    end loop;
    return p_routes[1];
end
$$;

-- Count what providers answered: one entry each, with the code of an outage, or null for an answer that only a
-- provider at work gives (a result, a refusal, work taken). An answer among them outweighs the outages of its fellows.
create or replace function public.generation_answers_v1(p_providers text[], p_codes text[]) returns void
language plpgsql set search_path = ''
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_told record;
    v_known public.generation_provider;
    v_failures integer;
    v_opens boolean;
begin
    for v_told in
        select
            a.provider, bool_or(a.code is null) as works, count(*)::integer as failures, max(a.code) as code,
            coalesce(bool_or(a.code = 'quota_exhausted'), false) as empty
        from unnest(p_providers, p_codes) as a (provider, code)
        group by a.provider
        order by a.provider
    loop
        if v_told.works then
            -- Looked at first: a provider that is well costs no lock.
            if exists (
                select from public.generation_provider as p
                where p.name = v_told.provider and (p.state = 'open' or p.failures > 0)
            ) then
                update public.generation_provider as p set
                    state = 'closed', failures = 0, trial_at = null,
                    since = case p.state when 'open' then v_now else p.since end
                where p.name = v_told.provider;
            end if;
            continue;
        end if;

        insert into public.generation_provider (name, state, failures, first_at, since)
        values (v_told.provider, 'closed', 0, v_now, v_now)
        on conflict (name) do nothing;
        select * into v_known from public.generation_provider as p where p.name = v_told.provider
        for no key update;
        v_failures := v_told.failures + case
            when v_known.first_at > v_now - interval '60 s' then v_known.failures else 0
        end;
        v_opens := v_known.state = 'open' or v_failures >= 5 or v_told.empty;
        update public.generation_provider as p set
            state = case when v_opens then 'open' else 'closed' end,
            failures = v_failures,
            first_at = case when v_failures = v_told.failures then v_now else p.first_at end,
            last_at = v_now,
            code = v_told.code,
            since = case when v_opens and v_known.state = 'closed' then v_now else p.since end,
            trial_at = case when v_opens then v_now + interval '30 s' end
        where p.name = v_told.provider;
    end loop;
end
$$;

-- How the studio is, for anybody: {"queued", "running", "oldest_s": how long the first in the queue has been due,
-- "providers": {name: {"state": "working" | "limited" | "out", "since", "code"}}}; providers that never failed are not
-- in it.
create or replace function public.generation_status_v1() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
    return jsonb_build_object(
        -- As two counts, each of what an index holds.
        'queued', (
            select count(*) from public.generation_job as j where not j.released and j.finished_at is null
        ) + (
            select count(*) from public.generation_job as j
            where j.released and j.finished_at is null and j.state = 'queued'
        ),
        'running', (
            select count(*) from public.generation_job as j
            where j.released and j.finished_at is null and j.state <> 'queued'
        ),
        'oldest_s', (
            select coalesce(extract(epoch from now() - min(q.execute_after)), 0)::double precision
            from pgq.pgqueuer as q
            where q.status = 'queued' and q.execute_after <= now()
        ),
        'providers', (
            select coalesce(jsonb_object_agg(p.name, jsonb_build_object(
                'state', case
                    when p.state = 'open' then 'out'
                    when p.failures > 0 and p.last_at > now() - interval '60 s' then 'limited'
                    else 'working'
                end,
                'since', case when p.state = 'closed' and p.failures > 0 then p.first_at else p.since end,
                'code', p.code
            )), '{}')
            from public.generation_provider as p
        )
    );
end
$$;

revoke execute on function
    public.generation_route_v1(text[]),
    public.generation_answers_v1(text[], text[]),
    public.generation_status_v1()
from public;
grant execute on function public.generation_status_v1() to packshot_web, packshot_worker;
