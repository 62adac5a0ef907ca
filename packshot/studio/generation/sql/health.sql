-- How many messages are due in the queue: asked by the readiness probe, which proves with it that the queue answers.
create or replace function public.generation_queue_depth_v1() returns bigint
language sql stable security definer set search_path = ''
as $$
    select count(*) from pgq.pgqueuer as q where q.status = 'queued' and q.execute_after <= now()
$$;

revoke execute on function public.generation_queue_depth_v1() from public;
grant execute on function public.generation_queue_depth_v1() to packshot_web, packshot_worker;

-- What is watched of the queue and of the jobs that have not ended: {"lanes": {lane: {"depth", "age_s"}}, "jobs":
-- {state: count}}. `age_s` is for how long the oldest message that is due has waited for a worker: what one scales on.
create or replace function public.generation_queue_v1() returns jsonb
language sql stable security definer set search_path = ''
as $$
    select jsonb_build_object(
        'lanes', (
            select coalesce(jsonb_object_agg(l.entrypoint, jsonb_build_object('depth', l.depth, 'age_s', l.age_s)), '{}')
            from (
                select
                    e.entrypoint, count(q.id) as depth,
                    coalesce(extract(epoch from now() - min(q.execute_after))::double precision, 0) as age_s
                from unnest(array['advance', 'render', 'inspect', 'change', 'export']) as e (entrypoint)
                left join pgq.pgqueuer as q
                    on q.entrypoint = e.entrypoint and q.status = 'queued' and q.execute_after <= now()
                group by e.entrypoint
            ) as l
        ),
        -- Two halves, each by an index of its own.
        'jobs', (
            select jsonb_build_object('held back', count(*))
            from public.generation_job as j
            where not j.released and j.finished_at is null
        ) || (
            select jsonb_build_object(
                'queued', count(*) filter (where j.state = 'queued'),
                'running', count(*) filter (where j.state = 'running'),
                'waiting', count(*) filter (where j.state = 'waiting')
            )
            from public.generation_job as j
            where j.released and j.finished_at is null
        )
    )
$$;

revoke execute on function public.generation_queue_v1() from public;
grant execute on function public.generation_queue_v1() to packshot_web, packshot_worker;

-- Under which trace the job was ordered that a provider calls by this name; null for an unknown or untraced one.
create or replace function public.generation_trace_v1(p_provider text, p_ref text) returns text
language plpgsql stable security definer set search_path = ''
as $$
begin
    return (
        select b.trace
        from public.generation_job as j
        join public.generation_batch as b on b.organization_id = j.organization_id and b.id = j.batch_id
        where j.provider = p_provider and j.provider_ref = p_ref
    );
end
$$;

revoke execute on function public.generation_trace_v1(text, text) from public;
grant execute on function public.generation_trace_v1(text, text) to packshot_web;
