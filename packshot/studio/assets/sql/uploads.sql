-- Uploads whose bytes need not travel.

-- A member's file by its content alone: {"sha256", "name", "board_id"}. Answers {"state": "here", "id"} where the board
-- has it already, {"state": "known", "id"} where the organization has the bytes and the board now has a picture of
-- them, and {"state": "unknown"} where they have to be sent. Whoever knows the hash had the file.
create or replace function public.assets_adopt_v1(p jsonb) returns jsonb
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_board uuid := coalesce((p ->> 'board_id')::uuid, public.boards_inbox_v1(v_organization));
    v_known public.assets_asset;
begin
    perform app.require_board(v_board, 'editor');
    select * into v_known
    from public.assets_asset as a
    where a.organization_id = v_organization and a.sha256 = p ->> 'sha256' and a.state = 'ready'
    order by (a.board_id = v_board and a.deleted_at is null) desc, a.id
    limit 1;
    if v_known.id is null then
        return jsonb_build_object('state', 'unknown');
    elsif v_known.board_id = v_board and v_known.deleted_at is null then
        return jsonb_build_object('state', 'here', 'id', v_known.id);
    end if;
    return jsonb_build_object('state', 'known', 'id', public.assets_upload_v1(jsonb_build_object(
        'sha256', v_known.sha256, 'bytes', v_known.bytes, 'media_type', v_known.media_type,
        'name', p ->> 'name', 'board_id', v_board
    )));
end
$$;

revoke execute on function public.assets_adopt_v1(jsonb) from public;
grant execute on function public.assets_adopt_v1(jsonb) to packshot_member;
