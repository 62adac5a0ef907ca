-- A picture is seen by those who see its board; each lies on one, the inbox where no other was said.
update public.assets_asset as a set board_id = public.boards_inbox_v1(a.organization_id) where a.board_id is null;

drop policy member_reads on public.assets_asset;
create policy member_reads on public.assets_asset for select to packshot_member
    using (
        organization_id = (select app.organization_id())
        and board_id <> all ((select app.hidden_boards())::uuid[])
    );
