-- What keeps the pipeline whole without anybody watching. Any worker may call these at any time; of several that do,
-- one works and the others return at once.

-- Offer to the workers again every job whose message was lost (its handler died after the queue had let go of it, or
-- an acknowledgement hit the wrong one) and that nobody has moved for `p_grace_s`. The keys are those of the first
-- message, so a message that still waits is not doubled. Returns how many were offered.
create or replace function public.generation_sweep_v1(p_grace_s double precision) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    v_before timestamptz := clock_timestamp() - p_grace_s * interval '1 s';
    v_organizations uuid[];
    v_ids uuid[];
    v_waiting_organizations uuid[];
    v_waiting uuid[];
    v_sent uuid[];
begin
    if not pg_try_advisory_xact_lock(8730003) then
        return 0;
    end if;
    select
        array_agg(j.organization_id) filter (where j.state <> 'waiting'),
        array_agg(j.id) filter (where j.state <> 'waiting'),
        array_agg(j.organization_id) filter (where j.state = 'waiting'),
        array_agg(j.id) filter (where j.state = 'waiting')
    into v_organizations, v_ids, v_waiting_organizations, v_waiting
    from (
        select s.organization_id, s.id, s.state from public.generation_job as s
        where s.released and s.finished_at is null
            and coalesce(s.lease_until, s.due_at) < v_before
        order by coalesce(s.lease_until, s.due_at)
        limit 1000
    ) as j;
    if coalesce(v_ids, v_waiting) is null then
        return 0;
    end if;
    v_sent := public.generation_send_v1(v_organizations, v_ids, 'run')
        || public.generation_send_v1(v_waiting_organizations, v_waiting, 'poll');
    with lost as (
        select j.organization_id, j.id from public.generation_job as j
        where j.organization_id = any (v_organizations || v_waiting_organizations) and j.id = any (v_sent)
        order by j.id
        for no key update skip locked
    )
    update public.generation_job as j set swept = j.swept + 1
    from lost as l
    where j.organization_id = l.organization_id and j.id = l.id;
    return cardinality(v_sent);
end
$$;

-- End what cannot be saved: past its deadline, under no live lease, and offered to the workers `p_offers` times without
-- one of them moving it. That last condition is why this never races a live worker, and why work that lay still while
-- no worker ran is taken up again instead of being ended. Credits are returned. Returns how many were ended.
create or replace function public.generation_reap_v1(p_offers integer, p_cap integer) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    v_organizations uuid[];
    v_batches uuid[];
    v_ends jsonb[];
begin
    if not pg_try_advisory_xact_lock(8730004) then
        return 0;
    end if;
    select array_agg(distinct j.organization_id) into v_organizations
    from public.generation_job as j
    where j.released and j.finished_at is null and j.swept >= p_offers
        and j.deadline_at < clock_timestamp() and coalesce(j.lease_until, j.due_at) < clock_timestamp();
    if v_organizations is null then
        return 0;
    end if;
    perform public.generation_lock_v1(v_organizations);

    select array_agg(j.organization_id), array_agg(j.batch_id), array_agg(jsonb_build_object(
        'organization', j.organization_id, 'job', j.id, 'outcome', 'reaped', 'code', 'timeout',
        'message', 'It took too long and was given up.'
    ))
    into v_organizations, v_batches, v_ends
    from (
        select s.organization_id, s.batch_id, s.id from public.generation_job as s
        where s.organization_id = any (v_organizations) and s.released
            and s.finished_at is null and s.swept >= p_offers
            and s.deadline_at < clock_timestamp() and coalesce(s.lease_until, s.due_at) < clock_timestamp()
        order by s.id
        for no key update
    ) as j;
    if v_ends is null then
        return 0;
    end if;
    perform public.generation_end_v1(v_ends);
    perform public.generation_admit_v1(v_organizations, p_cap);
    perform public.generation_tell_v1(v_organizations, v_batches);
    return cardinality(v_ends);
end
$$;

-- Let go of what has served: the queue's log (it is never trimmed by itself), its statistics, old callbacks.
create or replace function public.generation_forget_v1() returns void
language plpgsql security definer set search_path = ''
as $$
begin
    delete from pgq.pgqueuer_log as l where l.aggregated and l.created < now() - interval '1 day';
    delete from pgq.pgqueuer_statistics as s where s.created < now() - interval '30 days';
    delete from public.generation_callback as c where c.received_at < now() - interval '30 days';
end
$$;

revoke execute on function
    public.generation_sweep_v1(double precision),
    public.generation_reap_v1(integer, integer),
    public.generation_forget_v1()
from public;
grant execute on function
    public.generation_sweep_v1(double precision),
    public.generation_reap_v1(integer, integer),
    public.generation_forget_v1()
to packshot_worker;
