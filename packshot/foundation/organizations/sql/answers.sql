-- What an invited person does with the token of an invitation, and what a worker does to mail it. Whoever holds the token
-- acts as the account that is signed in (`app.user_id()`), and is of no organization yet: these are the login's.

-- What a token is for; no row where it is good for nothing, whatever the reason. `state` is 'open' or 'full' or 'closing'.
create or replace function public.organizations_invitation_v1(p_hash text)
returns table (organization_id uuid, organization text, invited_by text, email text, role text, expires_at timestamptz)
language sql stable security definer set search_path = ''
as $$
    select i.organization_id, o.name::text, coalesce(nullif(u.name, ''), u.email)::text, i.email::text, i.role::text,
        i.expires_at
    from public.organizations_invitation as i
    join public.organizations_organization as o on o.id = i.organization_id
    left join public.accounts_user as u on u.id = i.invited_by
    where i.token_hash = p_hash and i.state = 'open' and i.expires_at > clock_timestamp() and o.erased_at is null
$$;

-- The invitation of a token, its organization held before it; an error where the token is good for nothing.
create or replace function public.organizations_hold_token_v1(p_hash text) returns public.organizations_invitation
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_found public.organizations_invitation;
begin
    if app.user_id() is null then
        raise exception 'Sign in first.' using errcode = 'PX403';
    end if;
    perform from public.organizations_organization as o
    where o.id = (
        select i.organization_id from public.organizations_invitation as i where i.token_hash = p_hash
    )
    for no key update;
    select i.* into v_found from public.organizations_invitation as i
    where i.token_hash = p_hash and i.state = 'open' and i.expires_at > clock_timestamp()
    for no key update;
    if v_found.id is null then
        raise exception 'This invitation is not good any more. Ask for another one.' using errcode = 'PX404';
    end if;
    return v_found;
end
$$;

-- Join: the organization's id is returned. The seat was the invitation's; where a plan has fewer seats by now than there
-- are members, the invitation stays open until there is room.
create or replace function public.organizations_accept_v1(p_hash text) returns uuid
language plpgsql security definer set search_path = ''
as $$
declare
    v_found public.organizations_invitation := public.organizations_hold_token_v1(p_hash);
    v_organization uuid := v_found.organization_id;
begin
    perform app.require_staying(v_organization);
    if exists (
        select from public.organizations_membership as m
        where m.organization_id = v_organization and m.user_id = app.user_id()
    ) then
        raise exception 'You are a member of this workspace already.' using errcode = 'PX409';
    elsif public.organizations_seats_v1(v_organization) <= (
        select count(*) from public.organizations_membership as m where m.organization_id = v_organization
    ) then
        raise exception 'This workspace has no free seat now. Your invitation stays good: tell who invited you.'
            using errcode = 'PX409';
    end if;
    insert into public.organizations_membership (organization_id, user_id, role)
    values (v_organization, app.user_id(), v_found.role);
    update public.organizations_invitation as i
    set state = 'accepted', decided_at = clock_timestamp(), decided_by = app.user_id()
    where i.organization_id = v_organization and i.id = v_found.id;
    perform public.audit_record_v1(
        v_organization, app.user_id(), 'member.joined', app.address_of(app.user_id()),
        jsonb_build_object(
            'user', app.user_id(), 'role', v_found.role, 'invitation', v_found.id, 'invited', v_found.email,
            'invited_by', v_found.invited_by));
    perform app.notify(v_organization, 'member', app.user_id());
    return v_organization;
end
$$;

-- Decline: the token is good for nothing afterwards.
create or replace function public.organizations_decline_v1(p_hash text) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_found public.organizations_invitation := public.organizations_hold_token_v1(p_hash);
begin
    update public.organizations_invitation as i
    set state = 'declined', decided_at = clock_timestamp(), decided_by = app.user_id()
    where i.organization_id = v_found.organization_id and i.id = v_found.id;
    perform public.audit_record_v1(
        v_found.organization_id, app.user_id(), 'invitation.declined', v_found.email,
        jsonb_build_object('invitation', v_found.id));
    perform app.notify(v_found.organization_id, 'member', v_found.id);
end
$$;

-- What a worker that was told of an invitation has to mail; no row where it is mailed or not wanted any more.
create or replace function public.organizations_letter_v1(p_organization uuid, p_id uuid)
returns table (
    id uuid, seed uuid, email text, role text, language text, organization text, invited_by text, expires_at timestamptz
)
language sql stable security definer set search_path = ''
as $$
    select i.id, i.seed, i.email::text, i.role::text, i.language::text, o.name::text,
        coalesce(nullif(u.name, ''), u.email)::text, i.expires_at
    from public.organizations_invitation as i
    join public.organizations_organization as o on o.id = i.organization_id
    left join public.accounts_user as u on u.id = i.invited_by
    where i.organization_id = p_organization and i.id = p_id and i.state = 'open' and i.mailed_at is null
        and not i.mail_failed and i.expires_at > clock_timestamp()
$$;

-- The mail has gone, or could not be sent however often it was tried; of this token, unless there is a newer one.
create or replace function public.organizations_mailed_v1(p_organization uuid, p_id uuid, p_seed uuid, p_sent boolean)
returns void
language plpgsql security definer set search_path = ''
as $$
begin
    update public.organizations_invitation as i
    set mailed_at = case when p_sent then clock_timestamp() end, mail_failed = not p_sent
    where i.organization_id = p_organization and i.id = p_id and i.seed = p_seed;
    perform app.notify(p_organization, 'member', p_id);
end
$$;

-- Answered and expired invitations are forgotten after thirty days: addresses of people who are not here. What was done
-- stays in the log. Returns how many went.
create or replace function public.organizations_forget_v1() returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    v_gone integer;
begin
    delete from public.organizations_invitation as i
    where coalesce(i.decided_at, i.expires_at) < clock_timestamp() - interval '30 days';
    get diagnostics v_gone = row_count;
    return v_gone;
end
$$;

revoke execute on function
    public.organizations_invitation_v1(text),
    public.organizations_hold_token_v1(text),
    public.organizations_accept_v1(text),
    public.organizations_decline_v1(text),
    public.organizations_letter_v1(uuid, uuid),
    public.organizations_mailed_v1(uuid, uuid, uuid, boolean),
    public.organizations_forget_v1()
from public;
grant execute on function
    public.organizations_invitation_v1(text),
    public.organizations_accept_v1(text),
    public.organizations_decline_v1(text)
to packshot_web;
grant execute on function
    public.organizations_letter_v1(uuid, uuid),
    public.organizations_mailed_v1(uuid, uuid, uuid, boolean),
    public.organizations_forget_v1()
to packshot_worker;
