-- Ending jobs: the credits, the pictures, the job's row and the next admission in one transaction, for many jobs.

-- p_results: [{"organization", "job", "token", "outcome": "succeeded"|"failed"|"cancelled"|"retry"|"reroute",
--   "amount": micro-credits to charge and "cost": micro-dollars it cost us (succeeded), "assets": [{"id", "sha256",
--   "media_type", "bytes", "width", "height", "placeholder", "name", "source_type", "confidence", "note"}],
--   "text" (succeeded, of a model that writes), "code", "message" (failed, retry), "after_s" (retry),
--   "health": "up"|"down" (what the answer tells of the provider)}].
-- Answers one word each, in the same order: "settled"; "again" (put back for another attempt); "elsewhere" (put back for
-- its next provider: `reroute`, after an outage of one that has not taken the work); "late" (see below);
-- "stale": the job is not the caller's any more and nothing was changed.
--
-- Late results. A job that ended by its time limit keeps its place in the books: its credits went back and stay back.
-- When its picture comes after all, it is stored and shown as the gift it is: the job becomes `succeeded`, marked
-- `late`, charged nothing. It is the only way out of a final state, and it touches no credits.
create or replace function public.generation_settle_v1(p_results jsonb, p_cap integer) returns jsonb
language plpgsql security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
    v_words text[] := array_fill('stale'::text, array[jsonb_array_length(p_results)]);
    v_organizations uuid[];
    v_touched uuid[] := '{}';
    v_batches uuid[] := '{}';
    v_again_organizations uuid[] := '{}';
    v_again uuid[] := '{}';
    v_ends jsonb[] := '{}';
    v_providers text[] := '{}';
    v_codes text[] := '{}';
    v_row record;
begin
    select array_agg(distinct (r.value ->> 'organization')::uuid) into v_organizations
    from jsonb_array_elements(p_results) as r (value);
    perform public.generation_lock_v1(v_organizations);

    for v_row in
        select
            r.at, r.value as result, j.organization_id, j.id, j.batch_id, j.state, j.attempt, j.max_attempts,
            j.cancel_requested, j.provider, j.provider_ref, array_remove(j.routes, j.provider) as others,
            r.value ->> 'outcome' as outcome,
            j.state = 'running' and j.token = (r.value ->> 'token')::bigint as mine,
            j.state = 'failed' and j.error_code in ('timeout', 'submit_unknown')
                and r.value ->> 'outcome' = 'succeeded' as late
        from jsonb_array_elements(p_results) with ordinality as r (value, at)
        join public.generation_job as j
            on j.organization_id = (r.value ->> 'organization')::uuid and j.id = (r.value ->> 'job')::uuid
        order by j.id
        for no key update of j
    loop
        if v_row.mine and v_row.result ? 'health' then
            v_providers := v_providers || v_row.provider::text;
            v_codes := v_codes || case v_row.result ->> 'health' when 'down' then v_row.result ->> 'code' end;
        end if;
        if v_row.mine and v_row.outcome = 'reroute' and cardinality(v_row.others) > 0
            and v_row.provider_ref is null and not v_row.cancel_requested
        then
            -- The same job under the same hold; its next provider has all its attempts before it.
            v_again_organizations := v_again_organizations || v_row.organization_id;
            v_again := v_again || v_row.id;
            v_words[v_row.at] := 'elsewhere';
            update public.generation_job as j set
                state = 'queued', lease_until = null, worker = null, submit_started_at = null, progress = 0,
                attempt = 0, routes = v_row.others, provider = v_row.others[1], due_at = clock_timestamp()
            where j.organization_id = v_row.organization_id and j.id = v_row.id;
        elsif v_row.mine and v_row.outcome = 'retry' and v_row.attempt < v_row.max_attempts
            and not v_row.cancel_requested
        then
            v_again_organizations := v_again_organizations || v_row.organization_id;
            v_again := v_again || v_row.id;
            v_words[v_row.at] := 'again';
            update public.generation_job as j set
                state = 'queued', lease_until = null, worker = null, submit_started_at = null, provider_ref = null,
                progress = 0,
                due_at = clock_timestamp() + (v_row.result ->> 'after_s')::double precision * interval '1 s'
            where j.organization_id = v_row.organization_id and j.id = v_row.id;
        elsif v_row.mine then
            v_words[v_row.at] := 'settled';
            v_ends := v_ends || (v_row.result || jsonb_build_object('outcome', case
                when v_row.outcome not in ('retry', 'reroute') then v_row.outcome
                when v_row.cancel_requested then 'cancelled'
                else 'failed'
            end));
        elsif v_row.late then
            v_words[v_row.at] := 'late';
            perform public.generation_keep_v1(v_row.result);
            perform public.generation_keep_text_v1(v_row.result);
            update public.generation_job as j set
                state = 'succeeded', late = true, progress = 100, error_code = null, error_message = null,
                asset_id = (v_row.result -> 'assets' -> 0 ->> 'id')::uuid
            where j.organization_id = v_row.organization_id and j.id = v_row.id;
            perform public.generation_emit_jobs_v1(array[v_row.id], array[v_row.organization_id]);
        else
            continue;
        end if;
        v_touched := v_touched || v_row.organization_id;
        v_batches := v_batches || v_row.batch_id;
    end loop;

    if cardinality(v_ends) > 0 then
        perform public.generation_end_v1(v_ends);
    end if;
    if cardinality(v_again) > 0 then
        perform public.generation_send_v1(v_again_organizations, v_again, 'run');
    end if;
    if cardinality(v_touched) > 0 then
        perform public.generation_admit_v1(v_touched, p_cap);
        perform public.generation_tell_v1(v_touched, v_batches);
    end if;
    if cardinality(v_providers) > 0 then
        perform public.generation_answers_v1(v_providers, v_codes);
    end if;
    return to_jsonb(v_words);
end
$$;

-- End these jobs: their holds, their pictures, their settlements, their rows. Used by every way in which a job can
-- end, so that the four never come apart. The caller holds the wallets and the jobs' rows and has checked the fence.
--
-- Elements: {"organization", "job", "outcome": "succeeded"|"failed"|"cancelled"|"reaped", "amount", "assets", "text",
-- "code", "message"}. The settlement's primary key makes a second end of a job an error, whatever went wrong before.
create or replace function public.generation_end_v1(p_ends jsonb[]) returns void
language plpgsql set search_path = ''
as $$
declare
    v_replies jsonb;
    v_end jsonb;
begin
    v_replies := public.credits_apply_v1((
        select jsonb_agg(
            case
                when e.value ->> 'outcome' = 'succeeded' then jsonb_build_object(
                    'kind', 'finalize', 'hold', e.value ->> 'job', 'key', 'end:' || (e.value ->> 'job'),
                    'amount', (e.value ->> 'amount')::bigint, 'policy', 'cap', 'actor', null
                )
                else jsonb_build_object(
                    'kind', 'release', 'hold', e.value ->> 'job', 'key', 'end:' || (e.value ->> 'job'), 'actor', null
                )
            end
            order by e.at
        )
        from unnest(p_ends) with ordinality as e (value, at)
    ));
    -- A hold that time has ended is no surprise; anything else means that the books and the jobs have come apart.
    if exists (
        select from jsonb_array_elements(v_replies) as r (value)
        where not (r.value ->> 'ok')::boolean and r.value ->> 'code' <> 'hold_ended'
    ) then
        raise exception 'the ledger does not end these jobs: %', v_replies;
    end if;

    foreach v_end in array p_ends loop
        if jsonb_array_length(coalesce(v_end -> 'assets', '[]')) > 0 then
            perform public.generation_keep_v1(v_end);
        end if;
        perform public.generation_keep_text_v1(v_end);
    end loop;

    with ending as (
        select
            (e.value ->> 'organization')::uuid as organization_id, (e.value ->> 'job')::uuid as id,
            e.value ->> 'outcome' as outcome, e.value ->> 'code' as code, e.value ->> 'message' as message,
            (e.value -> 'assets' -> 0 ->> 'id')::uuid as asset_id, e.value as told,
            coalesce((v_replies -> (e.at::integer - 1) ->> 'charged')::bigint, 0) as charged
        from unnest(p_ends) with ordinality as e (value, at)
    ),
    ended as (
        update public.generation_job as j set
            state = case e.outcome when 'reaped' then 'failed' else e.outcome end,
            lease_until = null,
            finished_at = clock_timestamp(),
            progress = case e.outcome when 'succeeded' then 100 else j.progress end,
            error_code = case when e.outcome <> 'succeeded' then coalesce(e.code, e.outcome) end,
            error_message = case when e.outcome <> 'succeeded' then e.message end,
            charged = e.charged,
            returned = j.price - e.charged,
            cost = public.generation_final_cost_v1(j, e.told),
            asset_id = e.asset_id
        from ending as e
        where j.organization_id = e.organization_id and j.id = e.id
        returning j.organization_id, j.id, j.token, j.charged, j.returned, e.outcome
    )
    insert into public.generation_settlement (organization_id, job_id, outcome, token, charged, returned)
    select d.organization_id, d.id, d.outcome, d.token, d.charged, d.returned from ended as d;
end
$$;

-- Make assets of a result's pictures; all but the file's own facts is taken from the job and its order.
create or replace function public.generation_keep_v1(p_result jsonb) returns void
language plpgsql set search_path = ''
as $$
begin
    perform public.assets_add_v1(a.value || jsonb_build_object(
        'organization_id', b.organization_id,
        'board_id', b.board_id,
        'job_id', j.id,
        -- What only lends its style is nobody's parent.
        'parent_id', case
            when jsonb_array_length(b."references") > b.styles then b."references" -> 0 ->> 'id'
        end,
        'origin', 'generated',
        'operation', b.operation,
        'model', b.model,
        'created_by', b.created_by,
        'seed', b.seed + j.index,
        'prompt', b.prompt
    ))
    from jsonb_array_elements(p_result -> 'assets') as a (value)
    join public.generation_job as j
        on j.organization_id = (p_result ->> 'organization')::uuid and j.id = (p_result ->> 'job')::uuid
    join public.generation_batch as b on b.organization_id = j.organization_id and b.id = j.batch_id;
end
$$;

-- Keep what a model has written; nothing where it wrote nothing.
create or replace function public.generation_keep_text_v1(p_result jsonb) returns void
language plpgsql set search_path = ''
as $$
begin
    if p_result ->> 'text' is not null then
        insert into public.generation_text (organization_id, job_id, text)
        values ((p_result ->> 'organization')::uuid, (p_result ->> 'job')::uuid, p_result ->> 'text');
    end if;
end
$$;

revoke execute on function public.generation_settle_v1(jsonb, integer) from public;
grant execute on function public.generation_settle_v1(jsonb, integer) to packshot_worker;
