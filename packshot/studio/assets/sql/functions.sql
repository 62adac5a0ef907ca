-- Assets come into being: uploads, the look at them, and what the pipeline has made.

-- The texts of a JSON array; none where there is no array.
create or replace function public.assets_texts_v1(p jsonb) returns text[]
language sql immutable parallel safe set search_path = ''
as $$
    select case
        when jsonb_typeof(p) = 'array' then array(select e.value from jsonb_array_elements_text(p) as e (value))
        else '{}'
    end
$$;

-- The blob of these bytes is there and stays there until this transaction has ended: whoever erases blobs waits for
-- it, and finds the asset that it then has. Bytes that are seen in the store after this call stay in the store.
create or replace function public.assets_keep_blob_v1(
    p_organization uuid, p_sha256 text, p_bytes bigint, p_media_type text
) returns void
language plpgsql set search_path = ''
as $$
begin
    loop
        -- Waits for an eraser that has just deleted the row, and writes it anew.
        insert into public.assets_blob (organization_id, sha256, size, media_type)
        values (p_organization, p_sha256, p_bytes, p_media_type)
        on conflict do nothing;
        perform from public.assets_blob as b
        where b.organization_id = p_organization and b.sha256 = p_sha256
        for key share;
        exit when found;
    end loop;
end
$$;

-- A finished picture becomes an asset, its bytes being stored already: called by other privileged functions
-- (the pipeline's settling) inside their transaction. The same call again is answered again; an id that names
-- other bytes is a conflict. The caller serialises an organization's settlements, so that two of them that
-- made the same pictures in another order do not wait for each other.
create or replace function public.assets_add_v1(p jsonb) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := (p ->> 'organization_id')::uuid;
    v_id uuid := (p ->> 'id')::uuid;
begin
    perform public.assets_keep_blob_v1(
        v_organization, p ->> 'sha256', (p ->> 'bytes')::bigint, p ->> 'media_type');

    insert into public.assets_asset (
        organization_id, id, board_id, job_id, parent_id, origin, operation, state, name,
        sha256, media_type, bytes, width, height, placeholder, source_type,
        confidence, note, prompt, seed, created_by, kind, model, product, colours, phash, duration_s
    ) values (
        v_organization, v_id,
        coalesce((p ->> 'board_id')::uuid, public.boards_inbox_v1(v_organization)),
        (p ->> 'job_id')::uuid, (p ->> 'parent_id')::uuid,
        p ->> 'origin', p ->> 'operation', 'ready', p ->> 'name',
        p ->> 'sha256', p ->> 'media_type', (p ->> 'bytes')::bigint,
        (p ->> 'width')::integer, (p ->> 'height')::integer, p ->> 'placeholder', p ->> 'source_type',
        (p ->> 'confidence')::double precision, p ->> 'note', p ->> 'prompt', (p ->> 'seed')::bigint,
        (p ->> 'created_by')::uuid,
        case
            when p ->> 'origin' = 'upload' then 'photo'
            when p ->> 'media_type' like 'video/%' then 'video'
            else 'picture'
        end,
        p ->> 'model',
        -- What is made of a product's picture shows the product.
        coalesce(p ->> 'product', (
            select a.product from public.assets_asset as a
            where a.organization_id = v_organization and a.id = (p ->> 'parent_id')::uuid
        ), ''),
        public.assets_texts_v1(p -> 'colours'), (p ->> 'phash')::bigint, (p ->> 'duration_s')::double precision
    )
    on conflict (organization_id, id) do nothing;

    if not found and not exists (
        select from public.assets_asset as a
        where a.organization_id = v_organization and a.id = v_id and a.sha256 = p ->> 'sha256'
    ) then
        raise exception 'This picture exists already with other content.' using errcode = 'PX409';
    end if;
    return v_id;
end
$$;

-- A file that a person has brought becomes a picture, its bytes being stored already: {"sha256", "bytes", "media_type",
-- "name"}. Bytes that were inspected before are ready at once; others wait for the worker, which is told in the same
-- transaction.
create or replace function public.assets_take_v1(
    p_organization uuid, p_id uuid, p_board uuid, p_user uuid, p jsonb
) returns void
language plpgsql set search_path = ''
as $$
declare
    v_known public.assets_asset;
begin
    perform public.assets_keep_blob_v1(
        p_organization, p ->> 'sha256', (p ->> 'bytes')::bigint, p ->> 'media_type');

    select * into v_known
    from public.assets_asset as a
    where a.organization_id = p_organization and a.sha256 = p ->> 'sha256' and a.state = 'ready'
    limit 1;

    insert into public.assets_asset (
        organization_id, id, board_id, origin, state, name, sha256, media_type, bytes,
        width, height, placeholder, source_type, created_by, kind, colours, phash, likeness
    ) values (
        p_organization, p_id, p_board, 'upload', case when v_known.id is null then 'new' else 'ready' end,
        p ->> 'name', p ->> 'sha256', p ->> 'media_type', (p ->> 'bytes')::bigint,
        v_known.width, v_known.height, v_known.placeholder, v_known.source_type, p_user, 'photo',
        coalesce(v_known.colours, '{}'), v_known.phash, v_known.likeness
    );

    if v_known.id is null then
        perform public.assets_enqueue_v1('inspect', p_organization, array[p_id]);
    end if;
end
$$;

-- A member's upload: as assets_take_v1, and on which board ("board_id"; null is the inbox). Who names its "id" may send it
-- again: the same bytes under the same id are one picture.
create or replace function public.assets_upload_v1(p jsonb) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_id uuid := coalesce((p ->> 'id')::uuid, app.uuid7());
    v_board uuid := (p ->> 'board_id')::uuid;
begin
    if v_board is null then
        v_board := public.boards_inbox_v1(v_organization);
    end if;
    perform app.require_board(v_board, 'editor');
    if p ->> 'id' is not null then
        perform pg_advisory_xact_lock(hashtextextended(v_organization::text || v_id::text, 0));
        if exists (
            select from public.assets_asset as a
            where a.organization_id = v_organization and a.id = v_id and a.sha256 = p ->> 'sha256'
                and a.created_by = app.user_id()
        ) then
            return v_id;
        elsif exists (select from public.assets_asset as a where a.organization_id = v_organization and a.id = v_id) then
            raise exception 'This picture exists already with other content.' using errcode = 'PX409';
        end if;
    end if;
    perform public.assets_take_v1(v_organization, v_id, v_board, app.user_id(), p);
    return v_id;
end
$$;

-- Put work on these into the workers' queue, under what is to be done with them; a message that waits there already
-- is not doubled.
create or replace function public.assets_enqueue_v1(
    p_entrypoint text, p_organization uuid, p_ids uuid[], p_dedupe text default null
) returns void
language plpgsql security definer set search_path = ''
as $$
begin
    insert into pgq.pgqueuer (priority, entrypoint, payload, execute_after, dedupe_key, status)
    select
        0, p_entrypoint, convert_to(p_organization || '/' || i.id, 'UTF8'), now(),
        coalesce(p_dedupe, p_entrypoint) || ':' || i.id, 'queued'
    from unnest(p_ids) as i (id)
    on conflict (dedupe_key)
        where status = any (array['queued'::pgq.pgqueuer_status, 'picked'::pgq.pgqueuer_status])
            and dedupe_key is not null
        do nothing;
end
$$;

-- Ask again for uploads that have waited for a minute: a message may be lost with the worker that had it.
-- Where it is not lost this does nothing. Returns how many wait.
create or replace function public.assets_sweep_v1() returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    v_waiting integer;
begin
    with waiting as (
        select a.organization_id, array_agg(a.id) as ids
        from public.assets_asset as a
        where a.state = 'new' and a.created_at < now() - interval '1 minute'
        group by a.organization_id
    ), asked as (
        select cardinality(w.ids) as number, public.assets_enqueue_v1('inspect', w.organization_id, w.ids)
        from waiting as w
    )
    select coalesce(sum(a.number), 0)::integer into v_waiting from asked as a;
    return v_waiting;
end
$$;

-- Where a picture's bytes lie, for a worker that was told of it.
create or replace function public.assets_for_work_v1(p_organization uuid, p_id uuid)
returns table (sha256 text, media_type text, state text)
language sql stable security definer set search_path = ''
as $$
    select a.sha256::text, a.media_type::text, a.state::text
    from public.assets_asset as a
    where a.organization_id = p_organization and a.id = p_id
$$;

-- An upload was decoded in full: {"organization_id", "id", "width", "height", "placeholder", "source_type",
-- "colours", "phash"}.
-- False when the upload is not waiting for this (the message came twice).
create or replace function public.assets_inspected_v1(p jsonb) returns boolean
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := (p ->> 'organization_id')::uuid;
    v_id uuid := (p ->> 'id')::uuid;
begin
    update public.assets_asset as a
    set state = 'ready',
        width = (p ->> 'width')::integer,
        height = (p ->> 'height')::integer,
        placeholder = p ->> 'placeholder',
        source_type = p ->> 'source_type',
        colours = public.assets_texts_v1(p -> 'colours'),
        phash = (p ->> 'phash')::bigint
    where a.organization_id = v_organization and a.id = v_id and a.state = 'new';
    if found then
        perform app.notify(v_organization, 'asset', v_id);
        return true;
    end if;
    return false;
end
$$;

-- An upload is no picture, and why, in a sentence. False when the upload is not waiting for this.
create or replace function public.assets_rejected_v1(p_organization uuid, p_id uuid, p_reason text) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    update public.assets_asset as a
    set state = 'rejected', reject_reason = p_reason
    where a.organization_id = p_organization and a.id = p_id and a.state = 'new';
    if found then
        perform app.notify(p_organization, 'asset', p_id);
        return true;
    end if;
    return false;
end
$$;

-- Nobody's but the owner's functions.
revoke execute on function
    public.assets_texts_v1(jsonb),
    public.assets_keep_blob_v1(uuid, text, bigint, text),
    public.assets_add_v1(jsonb),
    public.assets_take_v1(uuid, uuid, uuid, uuid, jsonb),
    public.assets_enqueue_v1(text, uuid, uuid[], text)
from public;

revoke execute on function public.assets_upload_v1(jsonb) from public;
grant execute on function public.assets_upload_v1(jsonb) to packshot_member;

revoke execute on function
    public.assets_sweep_v1(),
    public.assets_for_work_v1(uuid, uuid),
    public.assets_inspected_v1(jsonb),
    public.assets_rejected_v1(uuid, uuid, text)
from public;
grant execute on function
    public.assets_sweep_v1(),
    public.assets_for_work_v1(uuid, uuid),
    public.assets_inspected_v1(jsonb),
    public.assets_rejected_v1(uuid, uuid, text)
to packshot_worker;
