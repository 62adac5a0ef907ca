-- Letters: posted in the transaction of what they tell, claimed by one worker, sent at most once.

-- Post a letter to these people; false where one of this key was posted before, to whomever. Callers hold what the key
-- is about, so two of them never post it at once.
create or replace function public.letters_post_v1(
    p_organization uuid, p_key text, p_kind text, p_body jsonb, p_to uuid[]
) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
    if exists (
        select from public.letters_letter as l where l.organization_id = p_organization and l.key = p_key
    ) then
        return false;
    end if;
    insert into public.letters_letter (
        organization_id, id, key, user_id, kind, body, created_at, due_at, tries
    )
    select
        o.id, app.uuid7(), p_key, u.id, p_kind, p_body || jsonb_build_object('workspace', o.name), clock_timestamp(),
        clock_timestamp(), 0
    from public.organizations_organization as o
    join public.accounts_user as u on u.id = any (p_to) and u.is_active
    where o.id = p_organization
    on conflict do nothing;
    return true;
end
$$;

-- The same to everybody who has one of these roles now.
create or replace function public.letters_post_to_v1(
    p_organization uuid, p_key text, p_kind text, p_body jsonb, p_roles text[]
) returns boolean
language plpgsql volatile security definer set search_path = ''
as $$
begin
    return public.letters_post_v1(p_organization, p_key, p_kind, p_body, array(
        select m.user_id from public.organizations_membership as m
        where m.organization_id = p_organization and m.role = any (p_roles)
    ));
end
$$;

-- Take the next letter that is due, or null; `to` is null where the person's account is closed. It is marked as taken
-- before it is sent, so a worker that dies on the way leaves it unsent, never sent twice.
create or replace function public.letters_claim_v1() returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_found public.letters_letter;
begin
    select l.* into v_found from public.letters_letter as l
    where l.due_at <= clock_timestamp()
    order by l.due_at limit 1
    for update skip locked;
    if v_found.id is null then
        return null;
    end if;
    update public.letters_letter as l set due_at = null, tries = l.tries + 1
    where l.organization_id = v_found.organization_id and l.id = v_found.id;
    return jsonb_build_object(
        'organization', v_found.organization_id, 'id', v_found.id, 'kind', v_found.kind, 'body', v_found.body,
        'to', (select u.email from public.accounts_user as u where u.id = v_found.user_id and u.is_active),
        'language', (select u.language from public.accounts_user as u where u.id = v_found.user_id)
    );
end
$$;

-- What became of a letter: 'sent'; 'again', because nothing has left this machine (later, twice as late each time, given
-- up after about three days); or 'failed', never to be tried again.
create or replace function public.letters_told_v1(p_organization uuid, p_id uuid, p_outcome text, p_error text)
returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
    update public.letters_letter as l
    set error = p_error,
        sent_at = case when p_outcome = 'sent' then clock_timestamp() end,
        due_at = case when p_outcome = 'again' and l.tries < 20
            then clock_timestamp() + least(interval '6 hours', make_interval(secs => 15 * 2 ^ least(l.tries, 14))) end,
        body = case when p_outcome = 'sent' then '{}' else l.body end
    where l.organization_id = p_organization and l.id = p_id and l.due_at is null and l.sent_at is null;
    -- Of an erased organization nothing stays, not even who was told.
    delete from public.letters_letter as l
    using public.organizations_organization as o
    where o.id = p_organization and o.erased_at is not null and l.organization_id = p_organization and l.id = p_id
        and l.due_at is null;
end
$$;

revoke execute on function
    public.letters_post_v1(uuid, text, text, jsonb, uuid[]),
    public.letters_post_to_v1(uuid, text, text, jsonb, text[]),
    public.letters_claim_v1(),
    public.letters_told_v1(uuid, uuid, text, text)
from public;
grant execute on function public.letters_post_to_v1(uuid, text, text, jsonb, text[]) to packshot_web, packshot_worker;
grant execute on function public.letters_claim_v1(), public.letters_told_v1(uuid, uuid, text, text) to packshot_worker;
