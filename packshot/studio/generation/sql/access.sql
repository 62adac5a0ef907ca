-- Work on a board is seen by those who see the board.
drop policy member_reads on public.generation_batch;
create policy member_reads on public.generation_batch for select to packshot_member
    using (
        organization_id = (select app.organization_id())
        and (board_id is null or board_id <> all ((select app.hidden_boards())::uuid[]))
    );
drop policy member_reads on public.generation_job;
create policy member_reads on public.generation_job for select to packshot_member
    using (
        organization_id = (select app.organization_id())
        and exists (
            select from public.generation_batch as b
            where b.organization_id = generation_job.organization_id and b.id = generation_job.batch_id
        )
    );
