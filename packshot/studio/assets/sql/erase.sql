-- Pictures go for good: their rows, and then the bytes of which no row is left.
--
-- Bytes are given up in two steps. Where a row goes, its bytes are only named in assets_doomed; a worker then takes a
-- name, proves under the lock of the blob's row that no picture has it, deletes the bytes in the store while it holds
-- that lock, and lets go. An upload that comes meanwhile waits for it in assets_keep_blob_v1 and sees, before it
-- commits, that its bytes are gone and have to be stored again. The pipeline, which stores long before it settles,
-- names its bytes for an hour later (assets_hold_bytes_v1) before it stores them.

-- Delete the rows of these pictures, which must be in the trash or rejected; returns how many were.
create or replace function public.assets_erase_rows_v1(p_organization uuid, p_ids uuid[]) returns integer
language plpgsql set search_path = ''
as $$
declare
    v_number integer;
begin
    perform from public.assets_asset as a
    where a.organization_id = p_organization and a.id = any (p_ids)
    order by a.id desc for update;
    with gone as (
        delete from public.assets_asset as a
        where a.organization_id = p_organization and a.id = any (p_ids)
            and (a.deleted_at is not null or a.state = 'rejected')
        returning a.sha256
    ), named as (
        insert into public.assets_doomed (organization_id, sha256, due_at)
        select p_organization, g.sha256, now() from gone as g
        group by g.sha256 order by g.sha256
        on conflict (organization_id, sha256) do nothing
    )
    select count(*) into v_number from gone as g;
    return v_number;
end
$$;

-- Erase what has been in the trash for thirty days and uploads that were rejected a day ago, at most `p_limit` of
-- them. Returns how many. Of several workers that call it one works and the others return at once.
create or replace function public.assets_erase_v1(p_limit integer) returns integer
language plpgsql security definer set search_path = '' set enable_seqscan = off
as $$
declare
    v_row record;
    v_number integer := 0;
begin
    if not pg_try_advisory_xact_lock(8730006) then
        return 0;
    end if;
    for v_row in
        select d.organization_id, array_agg(d.id) as ids
        from (
            (
                select a.organization_id, a.id from public.assets_asset as a
                where a.deleted_at < now() - interval '30 days'
                order by a.deleted_at limit p_limit
            )
            union
            (
                select a.organization_id, a.id from public.assets_asset as a
                where a.state = 'rejected' and a.created_at < now() - interval '1 day'
                order by a.created_at limit p_limit
            )
        ) as d
        group by d.organization_id order by d.organization_id
    loop
        v_number := v_number + public.assets_erase_rows_v1(v_row.organization_id, v_row.ids);
    end loop;
    return v_number;
end
$$;

-- A board goes for good, and with it everything that lies on it: for the rooms above, inside their own transaction.
-- Takes at most ten thousand pictures a call and returns whether the board is empty now; until it is, call again.
create or replace function public.assets_drop_board_v1(p_organization uuid, p_board uuid) returns boolean
language plpgsql set search_path = '' set enable_seqscan = off
as $$
declare
    v_ids uuid[];
begin
    v_ids := array(
        select a.id from public.assets_asset as a
        where a.organization_id = p_organization and a.board_id = p_board
        limit 10000
    );
    update public.assets_asset as a set deleted_at = now()
    where a.organization_id = p_organization and a.id = any (v_ids) and a.deleted_at is null;
    perform public.assets_erase_rows_v1(p_organization, v_ids);
    return cardinality(v_ids) < 10000;
end
$$;

-- These bytes are about to be stored for a picture that is made within the hour.
-- Waits for an eraser that has one of them in hand.
create or replace function public.assets_hold_bytes_v1(p_organization uuid, p_sha256 text) returns void
language sql security definer set search_path = ''
as $$
    insert into public.assets_doomed as d (organization_id, sha256, due_at)
    values (p_organization, p_sha256, now() + interval '1 hour')
    on conflict (organization_id, sha256) do update set due_at = greatest(d.due_at, excluded.due_at)
$$;

-- The next bytes that may have lost their last picture, behind these; null when there are none.
create or replace function public.assets_next_doomed_v1() returns table (organization_id uuid, sha256 text)
language sql security definer set search_path = ''
as $$
    select d.organization_id, d.sha256 from public.assets_doomed as d
    where d.due_at <= now()
    order by d.due_at limit 1
    for update skip locked
$$;

-- Whether these bytes belong to no picture: then their row is deleted, and until the caller's transaction ends nobody
-- can make a picture of them. The caller deletes the bytes and then commits; where it dies before, nothing is lost but
-- the bytes of nothing. To be called in the transaction of assets_next_doomed_v1.
create or replace function public.assets_give_up_blob_v1(p_organization uuid, p_sha256 text) returns boolean
language plpgsql security definer set search_path = ''
as $$
begin
    delete from public.assets_doomed as d where d.organization_id = p_organization and d.sha256 = p_sha256;
    -- Bytes that have no row get one, so that there is something to lock.
    insert into public.assets_blob (organization_id, sha256, size, media_type)
    values (p_organization, p_sha256, 1, 'application/octet-stream')
    on conflict do nothing;
    -- Locked first and looked at then: a picture that was being made of it is seen by the second statement.
    perform from public.assets_blob as b
    where b.organization_id = p_organization and b.sha256 = p_sha256
    for update;
    if exists (
        select from public.assets_asset as a where a.organization_id = p_organization and a.sha256 = p_sha256
    ) then
        return false;
    end if;
    delete from public.assets_blob as b where b.organization_id = p_organization and b.sha256 = p_sha256;
    return true;
end
$$;

revoke execute on function
    public.assets_erase_rows_v1(uuid, uuid[]),
    public.assets_erase_v1(integer),
    public.assets_drop_board_v1(uuid, uuid),
    public.assets_hold_bytes_v1(uuid, text),
    public.assets_next_doomed_v1(),
    public.assets_give_up_blob_v1(uuid, text)
from public;
grant execute on function
    public.assets_erase_v1(integer),
    public.assets_hold_bytes_v1(uuid, text),
    public.assets_next_doomed_v1(),
    public.assets_give_up_blob_v1(uuid, text)
to packshot_worker;
