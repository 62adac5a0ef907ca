-- Idempotency keys of a person in an organization. Nothing is locked while a request is worked on: what it does carries a
-- key of its own that is derived from this one, so that the same request twice, at once or after a crash, does the
-- same thing once; and the first answer that is written down is the answer of all of them.

-- Bind a key to a request, or find what it was bound to: {"state": "new" | "other" | "answered", "status", "body"}.
create or replace function public.apikeys_begin_v1(p_key text, p_fingerprint text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_known public.apikeys_answer;
begin
    insert into public.apikeys_answer (organization_id, user_id, key, fingerprint)
    values (v_organization, app.user_id(), p_key, p_fingerprint)
    on conflict do nothing;
    select a.* into v_known from public.apikeys_answer as a
    where a.organization_id = v_organization and a.user_id = app.user_id() and a.key = p_key;
    return case
        -- Gone between the two: whoever was first was refused and let go.
        when v_known.key is null then jsonb_build_object('state', 'new')
        when v_known.fingerprint <> p_fingerprint then jsonb_build_object('state', 'other')
        when v_known.status is null then jsonb_build_object('state', 'new')
        else jsonb_build_object('state', 'answered', 'status', v_known.status, 'body', v_known.body)
    end;
end
$$;

-- Write an answer down; the first one is what is given back, and what is given for ever.
create or replace function public.apikeys_finish_v1(p_key text, p_fingerprint text, p_status integer, p_body text)
returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_organization();
    v_found public.apikeys_answer;
begin
    insert into public.apikeys_answer as a (organization_id, user_id, key, fingerprint, status, body)
    values (v_organization, app.user_id(), p_key, p_fingerprint, p_status, p_body)
    on conflict (organization_id, user_id, key) do update
        set status = coalesce(a.status, excluded.status), body = coalesce(a.body, excluded.body)
        where a.fingerprint = excluded.fingerprint
    returning a.* into v_found;
    -- Nothing came back where the key was let go and bound to another request meanwhile: that one keeps it.
    return jsonb_build_object('status', coalesce(v_found.status, p_status), 'body', coalesce(v_found.body, p_body));
end
$$;

-- The request was refused and nothing was done: the key is free again.
create or replace function public.apikeys_let_go_v1(p_key text, p_fingerprint text) returns void
language sql volatile security definer set search_path = ''
as $$
    delete from public.apikeys_answer as a
    where a.organization_id = app.require_organization() and a.user_id = app.user_id() and a.key = p_key
        and a.fingerprint = p_fingerprint and a.status is null
$$;

-- Forget answers after thirty days, and buckets that have been full for long; for a worker.
create or replace function public.apikeys_forget_v1() returns void
language sql volatile security definer set search_path = ''
as $$
    delete from public.apikeys_answer as a where a.created_at < clock_timestamp() - interval '30 days';
    delete from public.apikeys_bucket as b where b.full_at < clock_timestamp() - interval '1 hour'
$$;

revoke execute on function
    public.apikeys_begin_v1(text, text),
    public.apikeys_finish_v1(text, text, integer, text),
    public.apikeys_let_go_v1(text, text),
    public.apikeys_forget_v1()
from public;
grant execute on function
    public.apikeys_begin_v1(text, text),
    public.apikeys_finish_v1(text, text, integer, text),
    public.apikeys_let_go_v1(text, text)
to packshot_member;
grant execute on function public.apikeys_forget_v1() to packshot_worker;
