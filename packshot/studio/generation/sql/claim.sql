-- A worker takes jobs, keeps them, and gives them back. Claiming takes job rows in the order of their ids and no
-- wallet. Every later step of the worker must show the token that the claim gave it.

-- For each asked job one entry, in the order asked: the job and its order when it is the caller's now;
-- {"rest": seconds} while another worker's lease is alive, or while the job's lane is full; null when there is nothing
-- to do (a stale message).
--
-- A job may be taken when it is queued and admitted, or waiting, and due; or running under a lease that ran out. A job
-- that failed by its time limit while a provider had it may be looked at once more ("late": true) without being
-- taken: its state stays, and so does its token.
--
-- With p_inflight no more jobs of a lane are under way at once in the whole installation, those that wait for their
-- provider included; claims then go one after the other.
create or replace function public.generation_claim_v1(
    p_organizations uuid[], p_ids uuid[], p_worker text, p_lease_s double precision, p_inflight integer default null
) returns jsonb
language plpgsql security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
    v_found jsonb;
begin
    if p_inflight is not null then
        -- A statement of its own: what the next one counts, it then sees as it is.
        perform pg_advisory_xact_lock(8730011);
    end if;
    with asked as (
        -- Two messages about one job in one call: the first is answered, the second is stale.
        select a.organization_id, a.id, a.at, row_number() over (partition by a.id order by a.at) = 1 as first
        from unnest(p_organizations, p_ids) with ordinality as a (organization_id, id, at)
    ),
    locked as materialized (
        select
            j.organization_id, j.id, j.state, j.released, j.due_at, j.lease_until, j.provider_ref, j.error_code,
            j.lane, j.priority
        from public.generation_job as j
        join asked as a on a.organization_id = j.organization_id and a.id = j.id and a.first
        order by j.id
        for no key update of j
    ),
    room as materialized (
        select n.lane, p_inflight - (
            select count(*) from public.generation_job as j
            where j.released and j.finished_at is null and j.lane = n.lane
                and (j.state = 'running' or j.provider_ref is not null)
        ) as free
        from (select distinct l.lane from locked as l where p_inflight is not null) as n
    ),
    crowded as materialized (
        select b.organization_id, b.id
        from (
            select l.*, row_number() over (partition by l.lane order by l.priority desc, l.id) as place
            from locked as l
            where l.state = 'queued' and l.released and l.due_at <= clock_timestamp()
        ) as b
        join room as r on r.lane = b.lane and b.place > r.free
    ),
    taken as (
        update public.generation_job as j set
            state = 'running',
            -- Where there is a choice, the provider is chosen now and not when the work was ordered.
            provider = case
                when cardinality(j.routes) > 1 and j.provider_ref is null and j.submit_started_at is null
                    then public.generation_route_v1(j.routes)
                else j.provider
            end,
            token = j.token + 1,
            worker = p_worker,
            lease_until = clock_timestamp() + p_lease_s * interval '1 s',
            swept = 0,
            attempt = j.attempt + (j.provider_ref is null)::integer,
            started_at = coalesce(j.started_at, clock_timestamp()),
            -- An attempt that begins anew has its whole time again.
            deadline_at = case
                when j.provider_ref is null then clock_timestamp() + j.timeout_s * interval '1 s'
                else j.deadline_at
            end
        from locked as l
        where j.organization_id = l.organization_id and j.id = l.id
            and (
                (l.state = 'queued' and l.released and l.due_at <= clock_timestamp())
                or (l.state = 'waiting' and l.due_at <= clock_timestamp())
                or (l.state = 'running' and l.lease_until < clock_timestamp())
            )
            and not exists (
                select from crowded as c where c.organization_id = l.organization_id and c.id = l.id
            )
        returning j.*
    ),
    found as (
        select t.*, false as is_late from taken as t
        union all
        select j.*, true
        from locked as l
        join public.generation_job as j on j.organization_id = l.organization_id and j.id = l.id
        where l.state = 'failed' and l.error_code in ('timeout', 'submit_unknown') and l.provider_ref is not null
    )
    select jsonb_agg(
        case
            when f.id is not null then jsonb_build_object(
                'organization', f.organization_id, 'job', f.id, 'batch', f.batch_id, 'index', f.index,
                'token', f.token, 'late', f.is_late, 'attempt', f.attempt, 'max_attempts', f.max_attempts,
                'provider', f.provider, 'other_routes', cardinality(f.routes) > 1, 'ref', f.provider_ref,
                'cancel', f.cancel_requested,
                'submit_started', f.submit_started_at is not null,
                'left_s', extract(epoch from f.deadline_at - clock_timestamp())::double precision,
                'timeout_s', f.timeout_s, 'price', f.price, 'cost', f.cost, 'trace', b.trace,
                'waited_s', extract(epoch from f.started_at - f.created_at)::double precision,
                'worked_s', extract(epoch from clock_timestamp() - f.started_at)::double precision,
                'operation', b.operation, 'model', b.model, 'prompt', b.prompt, 'ratio', b.ratio, 'size', b.size,
                'seed', b.seed + f.index, 'references', b."references", 'parameters', b.parameters
            )
            when l.state = 'running' and l.lease_until >= clock_timestamp() then jsonb_build_object(
                'rest', extract(epoch from l.lease_until - clock_timestamp())::double precision
            )
            -- Not all at once again.
            when c.id is not null then jsonb_build_object('rest', 0.5 + random())
        end
        order by a.at
    ) into v_found
    from asked as a
    left join locked as l on l.organization_id = a.organization_id and l.id = a.id and a.first
    left join crowded as c on c.organization_id = a.organization_id and c.id = a.id and a.first
    left join found as f on f.organization_id = a.organization_id and f.id = a.id and a.first
    left join public.generation_batch as b on b.organization_id = f.organization_id and b.id = f.batch_id;
    return v_found;
end
$$;

-- The worker lives: its leases go on. Answers what it must let go: {"job", "verdict"}, where the verdict is "lost"
-- (somebody else has the job, or it has ended) or "cancel" (it is still the worker's, but not wanted any more).
create or replace function public.generation_heartbeat_v1(
    p_organizations uuid[], p_ids uuid[], p_tokens bigint[], p_lease_s double precision
) returns jsonb
language sql security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
    with mine as (
        select m.organization_id, m.id, m.token
        from unnest(p_organizations, p_ids, p_tokens) as m (organization_id, id, token)
    ),
    locked as materialized (
        select j.organization_id, j.id, j.cancel_requested
        from public.generation_job as j
        join mine as m on m.organization_id = j.organization_id and m.id = j.id
            and m.token = j.token and j.state = 'running'
        order by j.id
        for no key update of j
    ),
    kept as (
        update public.generation_job as j set lease_until = clock_timestamp() + p_lease_s * interval '1 s'
        from locked as l
        where j.organization_id = l.organization_id and j.id = l.id
        returning j.id
    )
    select coalesce(jsonb_agg(
        jsonb_build_object('job', m.id, 'verdict', case when l.id is null then 'lost' else 'cancel' end)
    ), '[]')
    from mine as m
    left join locked as l on l.organization_id = m.organization_id and l.id = m.id
    where l.id is null or l.cancel_requested
$$;

-- How far these jobs are: [{"organization", "job", "token", "percent"}]. Progress of a job that is not the caller's
-- any more is dropped.
create or replace function public.generation_progress_v1(p_reports jsonb) returns void
language plpgsql security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
    v_organizations uuid[];
    v_batches uuid[];
begin
    with report as (
        select r.organization, r.job, r.token, r.percent
        from jsonb_to_recordset(p_reports) as r (organization uuid, job uuid, token bigint, percent integer)
    ),
    locked as materialized (
        select j.organization_id, j.id, r.percent
        from public.generation_job as j
        join report as r on r.organization = j.organization_id and r.job = j.id
            and r.token = j.token and j.state = 'running' and j.progress < r.percent
        order by j.id
        for no key update of j
    ),
    moved as (
        update public.generation_job as j set progress = least(99, l.percent)
        from locked as l
        where j.organization_id = l.organization_id and j.id = l.id
        returning j.organization_id, j.batch_id
    )
    select array_agg(m.organization_id), array_agg(m.batch_id) into v_organizations, v_batches from moved as m;
    if v_batches is not null then
        perform public.generation_tell_v1(v_organizations, v_batches);
    end if;
end
$$;

-- Committed before a submit that costs money and cannot be recognised when it is sent twice. One answer for each
-- job: false means that it is not the caller's any more and must not be submitted.
create or replace function public.generation_submitting_v1(p_organizations uuid[], p_ids uuid[], p_tokens bigint[])
returns jsonb
language sql security definer set search_path = ''
as $$
    with mine as (
        select m.organization_id, m.id, m.token, m.at
        from unnest(p_organizations, p_ids, p_tokens) with ordinality as m (organization_id, id, token, at)
    ),
    locked as materialized (
        select j.organization_id, j.id
        from public.generation_job as j
        join mine as m on m.organization_id = j.organization_id and m.id = j.id
            and m.token = j.token and j.state = 'running' and not j.cancel_requested
        order by j.id
        for no key update of j
    ),
    marked as (
        update public.generation_job as j set submit_started_at = clock_timestamp()
        from locked as l
        where j.organization_id = l.organization_id and j.id = l.id
        returning j.id
    )
    select jsonb_agg(k.id is not null order by m.at) from mine as m left join marked as k on k.id = m.id
$$;

-- The provider has these jobs; they hold no slot until the next poll or the provider's callback:
-- [{"organization", "job", "token", "ref", "after_s", "percent"|null}]. Answers one boolean each: false is a zombie.
--
-- A reference's first word is the provider's name for the job; callbacks know no more of it. What the provider answered
-- to our submit outranks what a callback's address said: whichever other job learned the name there, forgets it.
--
-- A callback that came before its job was parked lies in the inbox. The inbox and this function take one lock per
-- provider's name of the job, so that one of the two always sees the other.
create or replace function public.generation_park_v1(p_parks jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
    v_organizations uuid[];
    v_ids uuid[];
    v_batches uuid[];
    v_early boolean[];
    v_taken text[];
begin
    perform pg_advisory_xact_lock(r.mark)
    from (
        select distinct public.generation_ref_lock_v1(j.provider, p.value ->> 'ref') as mark
        from jsonb_array_elements(p_parks) as p (value)
        join public.generation_job as j
            on j.organization_id = (p.value ->> 'organization')::uuid and j.id = (p.value ->> 'job')::uuid
        order by 1
    ) as r;

    update public.generation_job as o set provider_ref = null
    from jsonb_array_elements(p_parks) as p (value)
    join public.generation_job as j
        on j.organization_id = (p.value ->> 'organization')::uuid and j.id = (p.value ->> 'job')::uuid
        and j.token = (p.value ->> 'token')::bigint and j.state = 'running'
    where o.provider = j.provider and o.id <> j.id and o.state <> 'waiting' and o.provider_ref is not null
        and split_part(o.provider_ref, ' ', 1) = split_part(p.value ->> 'ref', ' ', 1);

    with park as (
        select p.organization, p.job, p.token, p.ref, p.after_s, p.percent
        from jsonb_to_recordset(p_parks) as p (
            organization uuid, job uuid, token bigint, ref text, after_s double precision, percent integer
        )
    ),
    locked as materialized (
        select
            j.organization_id, j.id, p.ref, p.percent, j.provider_ref is null as first,
            -- A cancel or a callback that came meanwhile leaves no time to wait.
            case
                when (j.cancel_requested and j.provider_ref is null) or exists (
                    select from public.generation_callback as c
                    where c.provider = j.provider and c.ref = split_part(p.ref, ' ', 1)
                        and c.handled_at is null
                ) then 0
                else p.after_s
            end as after_s
        from public.generation_job as j
        join park as p on p.organization = j.organization_id and p.job = j.id
            and p.token = j.token and j.state = 'running'
        order by j.id
        for no key update of j
    ),
    parked as (
        update public.generation_job as j set
            state = 'waiting',
            provider_ref = l.ref,
            -- Who has taken the work may bill it: nobody else is asked for it any more.
            routes = array[j.provider],
            submit_started_at = coalesce(j.submit_started_at, clock_timestamp()),
            lease_until = null,
            worker = null,
            due_at = clock_timestamp() + l.after_s * interval '1 s',
            progress = greatest(j.progress, least(99, coalesce(l.percent, 0)))
        from locked as l
        where j.organization_id = l.organization_id and j.id = l.id
        returning j.organization_id, j.id, j.batch_id, l.after_s = 0 as early, l.first, j.provider
    )
    select
        array_agg(p.organization_id), array_agg(p.id), array_agg(p.batch_id), array_agg(p.early),
        array_agg(p.provider::text) filter (where p.first)
    into v_organizations, v_ids, v_batches, v_early, v_taken
    from parked as p;

    if v_ids is not null then
        update public.generation_callback as c set handled_at = clock_timestamp()
        from public.generation_job as j
        where j.organization_id = any (v_organizations) and j.id = any (v_ids)
            and c.provider = j.provider and c.ref = split_part(j.provider_ref, ' ', 1) and c.handled_at is null;
        perform public.generation_send_v1(v_organizations, v_ids, 'poll');
        perform public.generation_tell_v1(v_organizations, v_batches);
    end if;
    if v_taken is not null then
        perform public.generation_answers_v1(v_taken, array_fill(null::text, array[cardinality(v_taken)]));
    end if;
    return (
        select jsonb_agg((p.value ->> 'job')::uuid = any (coalesce(v_ids, '{}')) order by p.at)
        from jsonb_array_elements(p_parks) with ordinality as p (value, at)
    );
end
$$;

-- A worker that stops gives back what it cannot finish: to be taken by another at once, as if it had not been tried.
-- A paid submit that may be under way is not given back (its lease runs out, and its fate is asked of the provider).
create or replace function public.generation_hand_back_v1(p_organizations uuid[], p_ids uuid[], p_tokens bigint[])
returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    v_organizations uuid[];
    v_ids uuid[];
begin
    with locked as materialized (
        select j.organization_id, j.id
        from unnest(p_organizations, p_ids, p_tokens) as m (organization_id, id, token)
        join public.generation_job as j on m.organization_id = j.organization_id and m.id = j.id
            and m.token = j.token and j.state = 'running'
            and (j.provider_ref is not null or j.submit_started_at is null)
        order by j.id
        for no key update of j
    ),
    given as (
        update public.generation_job as j set
            state = case when j.provider_ref is null then 'queued' else 'waiting' end,
            attempt = j.attempt - (j.provider_ref is null)::integer,
            lease_until = null,
            worker = null,
            due_at = clock_timestamp()
        from locked as l
        where j.organization_id = l.organization_id and j.id = l.id
        returning j.organization_id, j.id
    )
    select array_agg(g.organization_id), array_agg(g.id) into v_organizations, v_ids from given as g;
    if v_ids is not null then
        perform public.generation_send_v1(v_organizations, v_ids, 'run');
    end if;
    return coalesce(cardinality(v_ids), 0);
end
$$;

revoke execute on function
    public.generation_claim_v1(uuid[], uuid[], text, double precision, integer),
    public.generation_heartbeat_v1(uuid[], uuid[], bigint[], double precision),
    public.generation_progress_v1(jsonb),
    public.generation_submitting_v1(uuid[], uuid[], bigint[]),
    public.generation_park_v1(jsonb),
    public.generation_hand_back_v1(uuid[], uuid[], bigint[])
from public;
grant execute on function
    public.generation_claim_v1(uuid[], uuid[], text, double precision, integer),
    public.generation_heartbeat_v1(uuid[], uuid[], bigint[], double precision),
    public.generation_progress_v1(jsonb),
    public.generation_submitting_v1(uuid[], uuid[], bigint[]),
    public.generation_park_v1(jsonb),
    public.generation_hand_back_v1(uuid[], uuid[], bigint[])
to packshot_worker;
