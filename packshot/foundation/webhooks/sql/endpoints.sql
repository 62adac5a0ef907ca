-- What owners and admins do with endpoints. Whoever changes one holds the organization first, then the endpoint.

-- What a form says of an endpoint, or why not.
create or replace function public.webhooks_require_valid_v1(p_endpoint jsonb) returns void
language plpgsql stable set search_path = ''
as $$
begin
    if coalesce(p_endpoint ->> 'url', '') !~ '^https?://[^[:space:]]+$' or length(p_endpoint ->> 'url') > 2000 then
        raise exception 'Give an address that begins with https://.' using errcode = 'PX422';
    elsif length(coalesce(p_endpoint ->> 'description', '')) > 200 then
        raise exception 'A description has 200 characters at most.' using errcode = 'PX422';
    elsif jsonb_typeof(p_endpoint -> 'types') is distinct from 'array' or jsonb_array_length(p_endpoint -> 'types') > 50
        or exists (
            select from jsonb_array_elements(p_endpoint -> 'types') as t (value)
            where jsonb_typeof(t.value) <> 'string' or t.value #>> '{}' !~ '^[a-z_]{1,29}\.[a-z_]{1,29}$'
        )
    then
        raise exception 'There is no such event.' using errcode = 'PX422';
    end if;
end
$$;

-- The endpoint, held; PX404 where the organization has none of this id.
create or replace function public.webhooks_hold_v1(p_organization uuid, p_endpoint uuid) returns public.webhooks_endpoint
language plpgsql volatile set search_path = ''
as $$
declare
    e public.webhooks_endpoint;
begin
    select x.* into e from public.webhooks_endpoint as x
    where x.organization_id = p_organization and x.id = p_endpoint
    for no key update;
    if e.id is null then
        raise exception 'There is no such endpoint.' using errcode = 'PX404';
    end if;
    return e;
end
$$;

-- Make one: {"id", "url", "description", "types", "secret" (sealed)}. Ten an organization at most.
create or replace function public.webhooks_create_v1(p_endpoint jsonb) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization('admin');
begin
    perform public.webhooks_require_valid_v1(p_endpoint);
    if exists (select from public.webhooks_endpoint as e where e.id = (p_endpoint ->> 'id')::uuid) then
        raise exception 'This endpoint is there already.' using errcode = 'PX409';
    elsif (select count(*) from public.webhooks_endpoint as e where e.organization_id = v_organization) >= 10 then
        raise exception 'There are ten endpoints, which is the most. Delete one first.' using errcode = 'PX409';
    end if;
    insert into public.webhooks_endpoint (
        organization_id, id, url, description, types, secret, state, created_by, created_at
    )
    values (
        v_organization, (p_endpoint ->> 'id')::uuid, p_endpoint ->> 'url', coalesce(p_endpoint ->> 'description', ''),
        array(select jsonb_array_elements_text(p_endpoint -> 'types')), p_endpoint ->> 'secret', 'enabled',
        app.user_id(), app.now()
    );
    perform public.audit_record_v1(
        v_organization, app.user_id(), 'webhook.created', p_endpoint ->> 'url',
        jsonb_build_object('endpoint', p_endpoint ->> 'id', 'types', p_endpoint -> 'types'));
end
$$;

-- Change where it leads, its description and its events.
create or replace function public.webhooks_change_v1(p_id uuid, p_endpoint jsonb) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization('admin');
    e public.webhooks_endpoint := public.webhooks_hold_v1(v_organization, p_id);
begin
    perform public.webhooks_require_valid_v1(p_endpoint);
    update public.webhooks_endpoint as x set
        url = p_endpoint ->> 'url', description = coalesce(p_endpoint ->> 'description', ''),
        types = array(select jsonb_array_elements_text(p_endpoint -> 'types'))
    where x.organization_id = v_organization and x.id = p_id;
    perform public.audit_record_v1(
        v_organization, app.user_id(), 'webhook.changed', p_endpoint ->> 'url',
        jsonb_build_object('endpoint', p_id, 'from', e.url, 'types', p_endpoint -> 'types'));
end
$$;

-- Sign with another secret (sealed); messages are signed with the one before as well for a day.
create or replace function public.webhooks_rotate_v1(p_id uuid, p_secret text) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization('admin');
    e public.webhooks_endpoint := public.webhooks_hold_v1(v_organization, p_id);
begin
    update public.webhooks_endpoint as x set
        secret = p_secret, previous_secret = x.secret, previous_until = app.now() + interval '24 hours'
    where x.organization_id = v_organization and x.id = p_id;
    perform public.audit_record_v1(
        v_organization, app.user_id(), 'webhook.rotated', e.url, jsonb_build_object('endpoint', p_id));
end
$$;

-- Switch it on or off; what was to be sent when it is switched off has failed and can be replayed.
create or replace function public.webhooks_switch_v1(p_id uuid, p_enabled boolean) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization('admin');
    e public.webhooks_endpoint := public.webhooks_hold_v1(v_organization, p_id);
begin
    if p_enabled and e.state = 'disabled' then
        update public.webhooks_endpoint as x set
            state = 'enabled', reason = null, disabled_at = null, failing_since = null
        where x.organization_id = v_organization and x.id = p_id;
        perform public.audit_record_v1(
            v_organization, app.user_id(), 'webhook.enabled', e.url, jsonb_build_object('endpoint', p_id));
    elsif not p_enabled and e.state = 'enabled' then
        perform public.webhooks_disable_v1(v_organization, p_id, 'person');
    end if;
end
$$;

-- Nothing more is sent there, and what was to be has failed. The caller holds the endpoint, and tells the reason:
-- 'person' acts; 'gone' and 'failing' are found by a worker, and mailed to those who run the organization.
create or replace function public.webhooks_disable_v1(p_organization uuid, p_id uuid, p_reason text) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
    v_now timestamptz := app.now();
    v_url text;
begin
    update public.webhooks_endpoint as e set
        state = 'disabled', reason = p_reason, disabled_at = v_now
    where e.organization_id = p_organization and e.id = p_id
    returning e.url into v_url;
    update public.webhooks_delivery as d set state = 'failed', ended_at = v_now, lease_until = null
    where d.organization_id = p_organization and d.endpoint_id = p_id and d.state = 'pending';
    perform public.audit_record_v1(
        p_organization, case when p_reason = 'person' then app.user_id() end, 'webhook.disabled', v_url,
        jsonb_build_object('endpoint', p_id, 'reason', p_reason));
    if p_reason <> 'person' then
        perform public.letters_post_to_v1(
            p_organization, 'webhook:' || app.uuid7(), 'webhooks.disabled',
            jsonb_build_object('endpoint', p_id, 'url', v_url, 'reason', p_reason), array['owner', 'admin']);
    end if;
end
$$;

-- Delete it with its deliveries.
create or replace function public.webhooks_delete_v1(p_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.hold_organization('admin');
    e public.webhooks_endpoint := public.webhooks_hold_v1(v_organization, p_id);
begin
    delete from public.webhooks_endpoint as x where x.organization_id = v_organization and x.id = p_id;
    perform public.audit_record_v1(
        v_organization, app.user_id(), 'webhook.deleted', e.url, jsonb_build_object('endpoint', p_id));
end
$$;

-- Send it an event that says nothing, whichever it listens to.
create or replace function public.webhooks_test_v1(p_id uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_role('admin');
begin
    perform public.webhooks_require_enabled_v1(public.webhooks_hold_v1(v_organization, p_id));
    perform public.webhooks_send_v1(
        v_organization, 'webhook.test', p_id, jsonb_build_object('endpoint', p_id), array[p_id]);
end
$$;

create or replace function public.webhooks_require_enabled_v1(p_endpoint public.webhooks_endpoint) returns void
language plpgsql stable set search_path = ''
as $$
begin
    if p_endpoint.state <> 'enabled' then
        raise exception 'This endpoint is switched off. Switch it on first.' using errcode = 'PX409';
    end if;
end
$$;

-- Send one again from the beginning, under the same id; one that waits for its next try is tried now.
create or replace function public.webhooks_replay_v1(p_delivery uuid) returns void
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_role('admin');
    v_endpoint uuid;
begin
    select d.endpoint_id into v_endpoint from public.webhooks_delivery as d
    where d.organization_id = v_organization and d.id = p_delivery;
    if v_endpoint is null then
        raise exception 'There is no such delivery.' using errcode = 'PX404';
    end if;
    perform public.webhooks_require_enabled_v1(public.webhooks_hold_v1(v_organization, v_endpoint));
    update public.webhooks_delivery as d set
        attempt = case when d.state = 'pending' then d.attempt else 0 end,
        state = 'pending', ended_at = null, next_at = least(d.next_at, app.now())
    where d.organization_id = v_organization and d.id = p_delivery;
end
$$;

-- Send all of an endpoint's again that have failed since then; how many is returned.
create or replace function public.webhooks_replay_failed_v1(p_id uuid, p_since timestamptz) returns integer
language plpgsql security definer set search_path = ''
as $$
declare
    v_organization uuid := app.require_role('admin');
    v_count integer;
begin
    perform public.webhooks_require_enabled_v1(public.webhooks_hold_v1(v_organization, p_id));
    update public.webhooks_delivery as d set attempt = 0, state = 'pending', ended_at = null, next_at = app.now()
    where d.organization_id = v_organization and d.endpoint_id = p_id and d.state = 'failed'
        and d.created_at >= p_since;
    get diagnostics v_count = row_count;
    return v_count;
end
$$;

revoke execute on function
    public.webhooks_require_valid_v1(jsonb),
    public.webhooks_hold_v1(uuid, uuid),
    public.webhooks_create_v1(jsonb),
    public.webhooks_change_v1(uuid, jsonb),
    public.webhooks_rotate_v1(uuid, text),
    public.webhooks_switch_v1(uuid, boolean),
    public.webhooks_disable_v1(uuid, uuid, text),
    public.webhooks_delete_v1(uuid),
    public.webhooks_test_v1(uuid),
    public.webhooks_require_enabled_v1(public.webhooks_endpoint),
    public.webhooks_replay_v1(uuid),
    public.webhooks_replay_failed_v1(uuid, timestamptz)
from public;
grant execute on function
    public.webhooks_create_v1(jsonb),
    public.webhooks_change_v1(uuid, jsonb),
    public.webhooks_rotate_v1(uuid, text),
    public.webhooks_switch_v1(uuid, boolean),
    public.webhooks_delete_v1(uuid),
    public.webhooks_test_v1(uuid),
    public.webhooks_replay_v1(uuid),
    public.webhooks_replay_failed_v1(uuid, timestamptz)
to packshot_member;
