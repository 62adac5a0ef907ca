-- How many messages are due in the queue: asked by the readiness probe, which proves with it that the queue answers.
create or replace function public.generation_queue_depth_v1() returns bigint
language sql stable security definer set search_path = ''
as $$
    select count(*) from pgq.pgqueuer as q where q.status = 'queued' and q.execute_after <= now()
$$;

revoke execute on function public.generation_queue_depth_v1() from public;
grant execute on function public.generation_queue_depth_v1() to packshot_web, packshot_worker;
