-- What comes from outside while jobs are under way: people who cancel, providers that call back.

-- Stop a variant, or with p_job null every variant of a batch. Queued ones end here and now, credits returned; for a
-- running one its worker is told with the next heartbeat; for a waiting one the provider is asked at once. Ended ones
-- stay as they are.
create or replace function public.generation_cancel_v1(p_batch uuid, p_job uuid, p_cap integer) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_ends jsonb[] := '{}';
    v_waiting uuid[] := '{}';
    v_batch uuid;
    v_board uuid;
    v_job record;
begin
    select b.id, b.board_id into v_batch, v_board
    from public.generation_batch as b
    where b.organization_id = v_organization and b.id = coalesce(p_batch, (
        select j.batch_id from public.generation_job as j
        where j.organization_id = v_organization and j.id = p_job
    ));
    if v_batch is null then
        raise exception 'There is no such work.' using errcode = 'PX404';
    elsif v_board is not null then
        perform app.require_board(v_board, 'editor');
    end if;

    perform public.generation_lock_v1(array[v_organization]);
    for v_job in
        select j.id, j.state
        from public.generation_job as j
        where j.organization_id = v_organization
            and case when p_job is null then j.batch_id = p_batch else j.id = p_job end
        order by j.id
        for no key update
    loop
        if v_job.state = 'queued' then
            v_ends := v_ends || jsonb_build_object(
                'organization', v_organization, 'job', v_job.id, 'outcome', 'cancelled',
                'message', 'Cancelled before it began.'
            );
        elsif v_job.state = 'waiting' then
            v_waiting := v_waiting || v_job.id;
        end if;
    end loop;
    update public.generation_job as j set
        cancel_requested = true,
        due_at = case when j.state = 'waiting' then clock_timestamp() else j.due_at end
    where j.organization_id = v_organization
        and case when p_job is null then j.batch_id = p_batch else j.id = p_job end
        and j.state in ('running', 'waiting');
    if cardinality(v_waiting) > 0 then
        perform public.generation_send_v1(
            array_fill(v_organization, array[cardinality(v_waiting)]), v_waiting, 'cancel');
    end if;
    if cardinality(v_ends) > 0 then
        perform public.generation_end_v1(v_ends);
        perform public.generation_admit_v1(array[v_organization], p_cap);
    end if;
    perform public.generation_tell_v1(array[v_organization], array[v_batch]);
end
$$;

-- Whether the acting person may have work of this batch done or stopped: PX404 where it is not to be seen, PX403 where
-- its board is only to be looked at.
create or replace function public.generation_require_editor_v1(p_batch uuid) returns void
language plpgsql stable security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_batch record;
begin
    select b.id, b.board_id into v_batch
    from public.generation_batch as b
    where b.organization_id = v_organization and b.id = p_batch;
    if v_batch.id is null then
        raise exception 'There is no such work.' using errcode = 'PX404';
    elsif v_batch.board_id is not null then
        perform app.require_board(v_batch.board_id, 'editor');
    end if;
end
$$;

-- The lock of one provider's name for a job.
create or replace function public.generation_ref_lock_v1(p_provider text, p_ref text) returns bigint
language sql immutable set search_path = ''
as $$ select hashtextextended(p_provider || ' ' || split_part(p_ref, ' ', 1), 0) $$;

-- A provider's verified message. It is stored first, once for each event; then the job of that name is woken. Where no
-- job has the name yet, the step that gives it one will find the message. With p_job, the id that our callback address
-- carried and whose signature was checked, a job whose submit was cut off learns its name here.
-- It learns none that another job has: a genuine message at another job's address changes nothing for that one.
-- p_ref is the first word of a job's reference. False: the event was known.
create or replace function public.generation_callback_v1(
    p_provider text, p_ref text, p_event text, p_body bytea, p_organization uuid, p_job uuid
) returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
    v_event bigint;
    v_learned integer;
    v_job record;
begin
    perform pg_advisory_xact_lock(public.generation_ref_lock_v1(p_provider, p_ref));
    insert into public.generation_callback (provider, event_id, ref, body) values (p_provider, p_event, p_ref, p_body)
    on conflict (provider, event_id) do nothing
    returning id into v_event;
    if v_event is null then
        return false;
    end if;

    update public.generation_job as j set provider_ref = p_ref, routes = array[p_provider]
    where j.organization_id = p_organization and j.id = p_job and j.provider = p_provider
        and j.provider_ref is null and j.submit_started_at is not null
        and (j.state = 'running' or (j.state = 'failed' and j.error_code in ('timeout', 'submit_unknown')))
        and not exists (
            select from public.generation_job as o
            where o.provider = p_provider and o.provider_ref is not null
                and split_part(o.provider_ref, ' ', 1) = p_ref
        );
    get diagnostics v_learned = row_count;

    select j.organization_id, j.id, j.state, j.error_code into v_job
    from public.generation_job as j
    where j.provider = p_provider and j.provider_ref is not null
        and split_part(j.provider_ref, ' ', 1) = p_ref
    for no key update;
    if found and v_job.state = 'waiting' then
        update public.generation_job as j set due_at = clock_timestamp()
        where j.organization_id = v_job.organization_id and j.id = v_job.id;
    end if;
    if v_job.state = 'waiting' or (v_job.state = 'failed' and v_job.error_code in ('timeout', 'submit_unknown')) then
        update public.generation_callback as c set handled_at = clock_timestamp() where c.id = v_event;
        perform public.generation_send_v1(array[v_job.organization_id], array[v_job.id], 'hook');
    elsif v_job.state = 'running' and v_learned > 0 then
        -- Its submit is still under way. Should the answer never come, the job ends, and this message then finds it.
        perform public.generation_send_v1(array[v_job.organization_id], array[v_job.id], 'hook');
    end if;
    return true;
end
$$;

revoke execute on function
    public.generation_require_editor_v1(uuid),
    public.generation_cancel_v1(uuid, uuid, integer),
    public.generation_callback_v1(text, text, text, bytea, uuid, uuid)
from public;
grant execute on function
    public.generation_require_editor_v1(uuid),
    public.generation_cancel_v1(uuid, uuid, integer)
to packshot_member;
grant execute on function public.generation_callback_v1(text, text, text, bytea, uuid, uuid)
to packshot_web, packshot_worker;
