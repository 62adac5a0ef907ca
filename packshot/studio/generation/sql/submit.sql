-- Taking orders. Several whole submits travel together, each with its actor, its key and an answer of its own.

-- p_submits: array of
--   {"kind": "batch", "actor", "organization", "key", "hash", "board"|null, "operation", "model",
--    "routes": [provider], "lane", "prompt", "ratio", "size", "seed", "references": [uuid], "parameters": {}, "variants", "price",
--    "priority", "timeout_s", "max_attempts", "partial", "hold_s", "cap", "asked", "refers_to"|null, "negative",
--    "styles": how many of the references, the last ones, lend their style, "cost": micro-dollars that a variant may
--    cost us, "spend_cap": micro-dollars a day|null, "refusal": {"code", "message"}|null, "trace": traceparent|null}
--   {"kind": "retry", "actor", "organization", "key", "job", "hold_s", "cap", "routes", "cost", "spend_cap", "refusal"}
-- A `refusal` is what the caller found in the way; it is the answer unless the key has made its batch before.
-- Answers in the same order: {"ok": true, "batch", "accepted", "refused", "held"} or {"ok": false, "code", "message",
-- and for insufficient_credits and member_cap_reached "needed", "available" and "cap"}. A refusal is an answer, so it leaves its neighbours alone.
create or replace function public.generation_submit_v1(p_submits jsonb) returns jsonb
language plpgsql security definer
set search_path = ''
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set enable_hashjoin = off
set enable_mergejoin = off
set jit = off
as $$
declare
    v_count integer := jsonb_array_length(p_submits);
    v_answers jsonb[] := array_fill(null::jsonb, array[v_count]);
    v_plans jsonb[] := '{}';
    v_reserves jsonb := '[]';
    v_replies jsonb;
    v_organizations uuid[];
    v_told_organizations uuid[] := '{}';
    v_batches uuid[] := '{}';
    v_seen jsonb := '{}';
    v_submit jsonb;
    v_plan jsonb;
    v_mark text;
    v_spent bigint;
    v_cost bigint;
    i integer;
begin
    -- Only whoever is a member now may make others wait for a wallet.
    select coalesce(array_agg(distinct m.organization_id), '{}') into v_organizations
    from jsonb_array_elements(p_submits) as s (value)
    join public.organizations_membership as m
        on m.organization_id = (s.value ->> 'organization')::uuid and m.user_id = (s.value ->> 'actor')::uuid;
    perform public.generation_lock_v1(v_organizations);

    for i in 1 .. v_count loop
        v_submit := p_submits -> (i - 1);
        v_mark := (v_submit ->> 'organization') || '/' || (v_submit ->> 'key');
        if v_seen ? v_mark then
            continue;  -- the same key twice in one call: answered below, from the batch of the first
        end if;
        v_plan := public.generation_plan_v1(v_submit);
        if not v_plan ? 'ok' then
            v_cost := coalesce((v_submit ->> 'cost')::bigint, 0) * jsonb_array_length(v_plan -> 'jobs');
            if v_cost > 0 and v_submit ->> 'spend_cap' is not null then
                if v_spent is null then
                    -- One after the other, until the commit, and what is spent is read after that.
                    perform pg_advisory_xact_lock(8730010);
                    v_spent := public.generation_spent_v1();
                end if;
                v_spent := v_spent + v_cost;
                if v_spent > (v_submit ->> 'spend_cap')::bigint then
                    v_spent := v_spent - v_cost;
                    v_plan := jsonb_build_object(
                        'ok', false, 'code', 'spend_cap_reached', 'message',
                        'The studio has reached its limit for today with the providers that it pays. '
                        'Models that run on this server go on; the others do so at midnight UTC.');
                end if;
            end if;
        end if;
        if v_plan ? 'ok' then
            v_answers[i] := v_plan;
        else
            v_seen := v_seen || jsonb_build_object(v_mark, i);
            v_plans := v_plans || (v_plan || jsonb_build_object('at', i));
            v_reserves := v_reserves || public.generation_reserve_v1(v_submit, v_plan);
        end if;
    end loop;

    if jsonb_array_length(v_reserves) > 0 then
        v_replies := public.credits_apply_v1(v_reserves);
        for i in 1 .. cardinality(v_plans) loop
            v_plan := v_plans[i];
            v_submit := p_submits -> ((v_plan ->> 'at')::integer - 1);
            v_answers[(v_plan ->> 'at')::integer] :=
                public.generation_book_v1(v_submit, v_plan, v_replies -> (i - 1));
            if (v_replies -> (i - 1) ->> 'ok')::boolean then
                v_told_organizations := v_told_organizations || (v_submit ->> 'organization')::uuid;
                v_batches := v_batches || (v_plan ->> 'batch')::uuid;
            end if;
        end loop;
        perform public.generation_admit_v1(v_organizations, (p_submits -> 0 ->> 'cap')::integer);
        perform public.generation_tell_v1(v_told_organizations, v_batches);
    end if;

    for i in 1 .. v_count loop
        if v_answers[i] is null then
            v_plan := public.generation_plan_v1(p_submits -> (i - 1));
            -- Without an answer by now the first one was refused, and so is this one, in the same words.
            v_answers[i] := case
                when v_plan ? 'ok' then v_plan
                else v_answers[(v_seen ->> (
                    (p_submits -> (i - 1) ->> 'organization') || '/' || (p_submits -> (i - 1) ->> 'key')
                ))::integer]
            end;
        end if;
    end loop;
    return to_jsonb(v_answers);
end
$$;

-- What is to be made of one submit: an answer at once ({"ok": ...}: a refusal, or the batch that this key made
-- before), or a plan {"batch", "jobs": [uuid], "price", "references"}. The caller holds the wallet, so that what is
-- found here about keys stays true until the commit.
create or replace function public.generation_plan_v1(p_submit jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    v_organization uuid := (p_submit ->> 'organization')::uuid;
    v_asked uuid[];
    v_references jsonb;
    v_known public.generation_batch;
    v_refusal jsonb;
begin
    if not exists (
        select from public.organizations_membership as m
        where m.organization_id = v_organization and m.user_id = (p_submit ->> 'actor')::uuid
    ) then
        return jsonb_build_object('ok', false, 'code', 'forbidden', 'message', 'No organization to act for.');
    end if;
    if p_submit ->> 'kind' = 'retry' then
        return public.generation_plan_retry_v1(p_submit);
    end if;

    select * into v_known from public.generation_batch as b
    where b.organization_id = v_organization and b.key = p_submit ->> 'key';
    if found and v_known.order_hash <> p_submit ->> 'hash' then
        return jsonb_build_object(
            'ok', false, 'code', 'conflict', 'message', 'This key was used for another order.');
    elsif found then
        return public.generation_taken_v1(v_organization, v_known.id);
    elsif jsonb_typeof(p_submit -> 'refusal') = 'object' then
        return jsonb_build_object('ok', false) || (p_submit -> 'refusal');
    end if;

    v_refusal := public.generation_board_refusal_v1(
        v_organization, (p_submit ->> 'actor')::uuid, (p_submit ->> 'board')::uuid);
    if v_refusal is not null then
        return v_refusal;
    end if;

    select coalesce(array_agg(r.value::uuid order by r.at), '{}') into v_asked
    from jsonb_array_elements_text(p_submit -> 'references') with ordinality as r (value, at);
    select coalesce(
        jsonb_agg(jsonb_build_object('id', a.id, 'sha256', a.sha256, 'media_type', a.media_type) order by r.at), '[]'
    ) into v_references
    from unnest(v_asked) with ordinality as r (id, at)
    join public.assets_asset as a
        on a.organization_id = v_organization and a.id = r.id
        and a.state <> 'rejected' and a.deleted_at is null
        and app.board_role_of(v_organization, (p_submit ->> 'actor')::uuid, a.board_id) is not null;
    if jsonb_array_length(v_references) <> cardinality(v_asked) or not (
        p_submit ->> 'refers_to' is null or exists (
            select from public.assets_asset as a
            where a.organization_id = v_organization and a.id = (p_submit ->> 'refers_to')::uuid
                and app.board_role_of(v_organization, (p_submit ->> 'actor')::uuid, a.board_id) is not null
        )
    ) then
        return jsonb_build_object('ok', false, 'code', 'not_found', 'message', 'There is no such picture.');
    end if;

    return jsonb_build_object(
        'batch', app.uuid7(),
        'jobs', (
            select jsonb_agg(i.id order by i.id)
            from (select app.uuid7() as id from generate_series(1, (p_submit ->> 'variants')::integer)) as i
        ),
        'price', (p_submit ->> 'price')::bigint,
        'references', v_references
    );
end
$$;

-- Why a person may not have work done on a board: an answer for the submit, or null where nothing is in the way.
create or replace function public.generation_board_refusal_v1(p_organization uuid, p_user uuid, p_board uuid)
returns jsonb
language plpgsql stable set search_path = ''
as $$
declare
    v_role text := app.board_role_of(p_organization, p_user, p_board);
begin
    if p_board is null or v_role in ('owner', 'editor') then
        return null;
    elsif v_role is null then
        return jsonb_build_object('ok', false, 'code', 'not_found', 'message', 'There is no such board.');
    end if;
    return jsonb_build_object(
        'ok', false, 'code', 'forbidden', 'message', 'You can look at this board, not change it.');
end
$$;

-- The same for one more paid attempt at a variant: its place is free when its newest attempt has ended badly.
create or replace function public.generation_plan_retry_v1(p_submit jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    v_organization uuid := (p_submit ->> 'organization')::uuid;
    v_job public.generation_job;
    v_next public.generation_job;
    v_refusal jsonb;
begin
    select * into v_job from public.generation_job as j
    where j.organization_id = v_organization and j.id = (p_submit ->> 'job')::uuid;
    if not found then
        return jsonb_build_object('ok', false, 'code', 'not_found', 'message', 'There is no such job.');
    end if;
    select public.generation_board_refusal_v1(v_organization, (p_submit ->> 'actor')::uuid, b.board_id) into v_refusal
    from public.generation_batch as b
    where b.organization_id = v_organization and b.id = v_job.batch_id;
    if v_refusal is not null then
        return v_refusal;
    end if;
    select * into v_next from public.generation_job as j
    where j.organization_id = v_organization and j.retry_key = p_submit ->> 'key';
    if found and (v_next.batch_id, v_next.index) = (v_job.batch_id, v_job.index) then
        return jsonb_build_object(
            'ok', true, 'batch', v_job.batch_id, 'accepted', 1, 'refused', 0,
            'held', case when v_next.finished_at is null then v_next.price else 0 end
        );
    elsif found then
        return jsonb_build_object(
            'ok', false, 'code', 'conflict', 'message', 'This key was used for another attempt.');
    elsif jsonb_typeof(p_submit -> 'refusal') = 'object' then
        return jsonb_build_object('ok', false) || (p_submit -> 'refusal');
    end if;
    if not v_job.current or v_job.state not in ('failed', 'cancelled') then
        return jsonb_build_object(
            'ok', false, 'code', 'conflict', 'message', 'Only a variant that ended without a picture can be tried again.');
    end if;
    return jsonb_build_object(
        'batch', v_job.batch_id, 'jobs', jsonb_build_array(app.uuid7()), 'price', v_job.price, 'index', v_job.index,
        'from', v_job.id
    );
end
$$;

-- The ledger's command that holds the credits of a plan: one hold a variant, under the job's own id.
create or replace function public.generation_reserve_v1(p_submit jsonb, p_plan jsonb) returns jsonb
language sql set search_path = ''
as $$
    select jsonb_build_object(
        'kind', 'reserve',
        'wallet', p_submit ->> 'organization',
        'key', 'jobs:' || (p_plan -> 'jobs' ->> 0),
        'actor', p_submit ->> 'actor',
        'holds', (
            select jsonb_agg(jsonb_build_object('id', j.id, 'amount', (p_plan ->> 'price')::bigint) order by j.at)
            from jsonb_array_elements_text(p_plan -> 'jobs') with ordinality as j (id, at)
        ),
        'partial', coalesce((p_submit ->> 'partial')::boolean, false),
        'expires_in', (p_submit ->> 'hold_s')::integer,
        'ref', jsonb_build_object('batch', p_plan ->> 'batch')
    )
$$;

-- Write down what the ledger has agreed to: the batch, its jobs, and as failed those that were not covered.
create or replace function public.generation_book_v1(p_submit jsonb, p_plan jsonb, p_reply jsonb) returns jsonb
language plpgsql set search_path = ''
as $$
declare
    v_organization uuid := (p_submit ->> 'organization')::uuid;
    v_refused uuid[];
    v_routes text[] := array(select jsonb_array_elements_text(p_submit -> 'routes'));
    v_cost bigint := coalesce((p_submit ->> 'cost')::bigint, 0);
begin
    if not (p_reply ->> 'ok')::boolean then
        return p_reply || jsonb_build_object('message', 'There are not enough credits for this order.');
    end if;
    select coalesce(array_agg(r.id::uuid), '{}') into v_refused
    from jsonb_array_elements_text(coalesce(p_reply -> 'refused', '[]')) as r (id);

    if p_submit ->> 'kind' = 'retry' then
        update public.generation_job as j set current = false
        where j.organization_id = v_organization and j.id = (p_plan ->> 'from')::uuid;
        insert into public.generation_job (
            organization_id, id, batch_id, index, current, retry_key, state, lane, provider, routes, preferred,
            priority, price, cost, timeout_s, max_attempts
        )
        select
            j.organization_id, (p_plan -> 'jobs' ->> 0)::uuid, j.batch_id, j.index, true, p_submit ->> 'key',
            'queued', j.lane, v_routes[1], v_routes, v_routes[1], j.priority, j.price, v_cost, j.timeout_s,
            j.max_attempts
        from public.generation_job as j
        where j.organization_id = v_organization and j.id = (p_plan ->> 'from')::uuid;
    else
        insert into public.generation_batch (
            organization_id, id, board_id, created_by, operation, model, prompt, ratio, size, seed, "references",
            parameters, price, key, order_hash, asked, refers_to, negative, styles, trace
        ) values (
            v_organization, (p_plan ->> 'batch')::uuid, (p_submit ->> 'board')::uuid, (p_submit ->> 'actor')::uuid,
            p_submit ->> 'operation', p_submit ->> 'model', p_submit ->> 'prompt', p_submit ->> 'ratio',
            (p_submit ->> 'size')::integer, (p_submit ->> 'seed')::bigint, p_plan -> 'references',
            p_submit -> 'parameters', (p_plan ->> 'price')::bigint, p_submit ->> 'key', p_submit ->> 'hash',
            coalesce(p_submit ->> 'asked', p_submit ->> 'prompt'), (p_submit ->> 'refers_to')::uuid,
            coalesce(p_submit ->> 'negative', ''), coalesce((p_submit ->> 'styles')::smallint, 0),
            p_submit ->> 'trace'
        );
        insert into public.generation_job (
            organization_id, id, batch_id, index, state, lane, provider, routes, preferred, priority, price, cost,
            timeout_s, max_attempts, finished_at, error_code, error_message
        )
        select
            v_organization, j.id::uuid, (p_plan ->> 'batch')::uuid, j.at - 1,
            case when r.refused then 'failed' else 'queued' end,
            p_submit ->> 'lane', v_routes[1], v_routes, v_routes[1], (p_submit ->> 'priority')::smallint,
            (p_plan ->> 'price')::bigint, case when r.refused then 0 else v_cost end,
            (p_submit ->> 'timeout_s')::integer,
            (p_submit ->> 'max_attempts')::smallint,
            case when r.refused then now() end,
            case when r.refused then coalesce(p_reply ->> 'short', 'insufficient_credits') end,
            case when r.refused and p_reply ? 'short'
                then 'Your monthly cap did not reach to this variant; it was not charged.'
                when r.refused then 'There were not enough credits for this variant; it was not charged.' end
        from jsonb_array_elements_text(p_plan -> 'jobs') with ordinality as j (id, at)
        cross join lateral (select j.id::uuid = any (v_refused) as refused) as r;
    end if;

    return jsonb_build_object(
        'ok', true,
        'batch', p_plan ->> 'batch',
        'accepted', jsonb_array_length(p_plan -> 'jobs') - cardinality(v_refused),
        'refused', cardinality(v_refused),
        'held', (jsonb_array_length(p_plan -> 'jobs') - cardinality(v_refused)) * (p_plan ->> 'price')::bigint
    );
end
$$;

-- The answer that the submit of this batch was given: its first attempts, whatever became of them since.
create or replace function public.generation_taken_v1(p_organization uuid, p_batch uuid) returns jsonb
language sql stable set search_path = ''
as $$
    select jsonb_build_object(
        'ok', true,
        'batch', p_batch,
        'accepted', count(*) filter (where not r.refused),
        'refused', count(*) filter (where r.refused),
        'held', coalesce(sum(j.price) filter (where not r.refused), 0)
    )
    from public.generation_job as j
    cross join lateral (
        select coalesce(j.error_code in ('insufficient_credits', 'member_cap_reached'), false) as refused
    ) as r
    where j.organization_id = p_organization and j.batch_id = p_batch and j.retry_key is null
$$;

revoke execute on function public.generation_submit_v1(jsonb) from public;
grant execute on function public.generation_submit_v1(jsonb) to packshot_web, packshot_worker;
