"""The addresses of workspaces and their people."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from packshot.foundation.organizations import invitation_views, member_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("settings/workspace", views.workspace, name="workspace"),
    path("settings/workspace/leave", views.leave, name="workspace-leave"),
    path("settings/workspace/delete", views.delete, name="workspace-delete"),
    path("settings/workspace/keep", views.keep, name="workspace-keep"),
    path("settings/workspace/takeout", views.take_out, name="workspace-takeout"),
    path("settings/workspace/takeout/<uuid:takeout_id>", views.download, name="workspace-download"),
    path("settings/members", member_views.members, name="members"),
    path("settings/members/invite", member_views.invite, name="members-invite"),
    path("settings/members/<uuid:user_id>/role", member_views.role, name="member-role"),
    path("settings/members/<uuid:user_id>/remove", member_views.remove, name="member-remove"),
    path("settings/members/<uuid:user_id>/transfer", member_views.transfer, name="member-transfer"),
    path("settings/invitations/<uuid:invitation_id>/revoke", member_views.revoke, name="invitation-revoke"),
    path("settings/invitations/<uuid:invitation_id>/resend", member_views.resend, name="invitation-resend"),
    path("invitations/<str:token>", invitation_views.invitation, name="invitation"),
    path("workspaces/switch", views.switch, name="workspace-switch"),
    path("workspaces/none", views.none, name="workspace-none"),
]
