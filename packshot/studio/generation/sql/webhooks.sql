-- What other people's servers are told of generations: the end of every job, and of every batch with its last job.

-- Every job that ends does so by a settlement, however it ends; several in one statement.
create or replace function public.generation_tell_hooks() returns trigger
language plpgsql security definer set search_path = ''
as $$
declare
    v_organizations uuid[];
begin
    v_organizations := public.webhooks_listening_v1(array(select distinct s.organization_id from settled as s));
    if cardinality(v_organizations) > 0 then
        perform public.generation_emit_jobs_v1(
            array(select s.job_id from settled as s where s.organization_id = any (v_organizations) order by s.job_id),
            v_organizations);
        perform public.generation_emit_batches_v1(
            array(select s.job_id from settled as s where s.organization_id = any (v_organizations)), v_organizations);
    end if;
    return null;
end
$$;
create or replace trigger tell_hooks after insert on public.generation_settlement
    referencing new table as settled
    for each statement execute function public.generation_tell_hooks();

-- `generation.succeeded`, `.failed` or `.cancelled` of each of these jobs.
create or replace function public.generation_emit_jobs_v1(p_jobs uuid[], p_organizations uuid[]) returns void
language plpgsql volatile set search_path = ''
as $$
begin
    perform public.webhooks_emit_v1(
        j.organization_id, 'generation.' || j.state, j.id,
        public.generation_told_v1(j) || jsonb_build_object(
            'api', '/v1/generations/' || j.batch_id, 'generation', j.batch_id, 'board', b.board_id,
            'operation', b.operation, 'model', b.model))
    from public.generation_job as j
    join public.generation_batch as b on b.organization_id = j.organization_id and b.id = j.batch_id
    where j.organization_id = any (p_organizations) and j.id = any (p_jobs)
    order by j.id;
end
$$;

-- `batch.completed` of those batches of these jobs that have nothing under way any more. Whoever ends jobs holds their
-- organization's wallet, so one transaction sees itself as the last.
create or replace function public.generation_emit_batches_v1(p_jobs uuid[], p_organizations uuid[]) returns void
language plpgsql volatile set search_path = ''
as $$
begin
    perform public.webhooks_emit_v1(
        b.organization_id, 'batch.completed', b.id,
        jsonb_build_object(
            'id', b.id, 'api', '/v1/generations/' || b.id, 'board', b.board_id, 'operation', b.operation,
            'model', b.model, 'status', f.status, 'created_at', app.rfc3339(b.created_at),
            'finished_at', app.rfc3339(f.finished_at), 'quoted_micros', f.quoted, 'charged_micros', f.charged,
            'returned_micros', f.returned, 'outputs', f.outputs))
    from public.generation_batch as b
    cross join lateral (
        select
            case
                when count(*) filter (where j.state <> 'succeeded' and j.current) = 0 then 'succeeded'
                when count(*) filter (where j.state = 'succeeded' and j.current) > 0 then 'partial'
                when count(*) filter (where j.state <> 'cancelled' and j.current) = 0 then 'cancelled'
                else 'failed'
            end as status,
            max(j.finished_at) as finished_at, sum(j.price) as quoted, sum(j.charged) as charged,
            sum(j.returned) as returned,
            jsonb_agg(public.generation_told_v1(j) order by j.index) filter (where j.current) as outputs,
            count(*) filter (where j.finished_at is null) as live
        from public.generation_job as j
        where j.organization_id = b.organization_id and j.batch_id = b.id
    ) as f
    where b.organization_id = any (p_organizations) and f.live = 0 and b.id in (
        select x.batch_id from public.generation_job as x
        where x.organization_id = b.organization_id and x.id = any (p_jobs)
    )
    order by b.id;
end
$$;

-- A job that has ended, in the API's words.
create or replace function public.generation_told_v1(p_job public.generation_job) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'id', p_job.id, 'index', p_job.index, 'status', p_job.state, 'asset_id', p_job.asset_id, 'late', p_job.late,
        'price_micros', p_job.price, 'charged_micros', p_job.charged, 'returned_micros', p_job.returned,
        'created_at', app.rfc3339(p_job.created_at), 'started_at', app.rfc3339(p_job.started_at),
        'finished_at', app.rfc3339(p_job.finished_at),
        'error', case when p_job.error_code is not null then
            jsonb_build_object('code', p_job.error_code, 'detail', p_job.error_message) end)
$$;

revoke execute on function
    public.generation_tell_hooks(),
    public.generation_emit_jobs_v1(uuid[], uuid[]),
    public.generation_emit_batches_v1(uuid[], uuid[]),
    public.generation_told_v1(public.generation_job)
from public;
